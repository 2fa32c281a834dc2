using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Web.Client.Connection;

/// <summary>Fetches history on demand: opening a room, scrolling, jumping. See the other part for catching up.</summary>
public sealed partial class HistorySync
{
    private readonly HashSet<string> _quoting = new(StringComparer.Ordinal);

    /// <summary>
    /// Opens a room: at its first unread message where it is known or can be fetched, else at the newest. What the local
    /// copy has is on screen before this is called.
    /// </summary>
    public async Task OpenAsync(string roomId, CancellationToken cancellationToken)
    {
        if (store.Room(roomId) is not { } room)
        {
            // A public room of others is looked at by joining it first.
            var summary = await api.RoomAsync(roomId, cancellationToken);
            room = summary.Role is not null ? store.SetRoom(summary) : throw new ApiException(ErrorCodes.RoomNotFound, 404);
        }

        var mark = room.Unread > 0 ? room.ReadMark : null;
        var reopened = store.OpenRoom == room;
        store.Open(room);
        if (!reopened)
        {
            room.Timeline.Anchor(null);
            room.Timeline.ShowNewest();
            room.Timeline.MarkFirstUnread(null);
        }

        if (!room.Timeline.View.Loaded && await cache.ReadMessagesAsync(room.Id, cancellationToken) is { Count: > 0 } kept)
        {
            room.Timeline.Merge(kept, HistoryKey.Of(kept[0]), HistoryKey.Of(kept[^1]));
            room.Timeline.CopiedFrom = HistoryKey.Of(kept[0]);
        }

        MarkFirstUnread(room, mark);
        try
        {
            await ReadOpenedAsync(room, mark, cancellationToken);
        }
        catch (ApiException e) when (e.Code is not (ErrorCodes.RoomNotFound or ErrorCodes.NotSignedIn))
        {
            // What a room that is not read to its end hears by push has no place in it yet: it is read until that succeeds.
            CatchUp(room, TimeSpan.Zero);
            throw;
        }
    }

    private async Task ReadOpenedAsync(RoomState room, HistoryKey? mark, CancellationToken cancellationToken)
    {
        if (!room.Timeline.HasLiveEnd)
        {
            await LoadNewestAsync(room, cancellationToken);
        }
        else
        {
            await RefreshAsync(room, cancellationToken);
        }

        if (mark is { } from && room.Timeline.FirstUnreadId is null)
        {
            if (!room.Timeline.Covers(from, HistoryKey.End))
            {
                var before = await api.MessagesAsync(room.Id, from, null, Limits.PageDefault, cancellationToken);
                await TakeAroundAsync(room, before, cancellationToken);
                room.Timeline.Show(from);
            }

            MarkFirstUnread(room, mark);
        }
    }

    public void Close() => store.Open(null);

    public async Task LoadNewestAsync(RoomState room, CancellationToken cancellationToken)
    {
        room.Timeline.Await();
        try
        {
            TakeNewest(room, await api.MessagesAsync(room.Id, null, null, Limits.PageMax, cancellationToken));
        }
        finally
        {
            room.Timeline.Awaited();
        }

        Look(room);
    }

    public async Task LoadOlderAsync(RoomState room, CancellationToken cancellationToken)
    {
        var timeline = room.Timeline;
        if (timeline.LoadingOlder || timeline.ShownRange is not { } range || range.Low == HistoryKey.Start)
        {
            return;
        }

        timeline.LoadingOlder = true;
        try
        {
            await LoadBeforeAsync(room, range.Low, cancellationToken);
        }
        finally
        {
            timeline.LoadingOlder = false;
        }
    }

    public async Task LoadNewerAsync(RoomState room, CancellationToken cancellationToken)
    {
        var timeline = room.Timeline;
        if (timeline.LoadingNewer || timeline.ShownRange is not { } range || range.High == HistoryKey.End)
        {
            return;
        }

        timeline.LoadingNewer = true;
        try
        {
            await LoadAfterAsync(room, range.High, cancellationToken);
        }
        finally
        {
            timeline.LoadingNewer = false;
        }
    }

    public async Task LoadAroundAsync(RoomState room, string messageId, CancellationToken cancellationToken)
    {
        var timeline = room.Timeline;
        if (timeline.KeyOf(messageId) is { } known && timeline.Show(known))
        {
            return;
        }

        MessagePage before;
        try
        {
            before = await api.MessagesBeforeAsync(room.Id, messageId, Limits.PageDefault, cancellationToken);
        }
        catch (ApiException e) when (e.Code == ErrorCodes.InvalidCursor)
        {
            throw new ApiException(ErrorCodes.MessageNotFound, e.Status, inner: e);
        }

        var complete = await TakeAroundAsync(room, before, cancellationToken);
        if (timeline.KeyOf(messageId) is not { } key)
        {
            throw new ApiException(complete ? ErrorCodes.MessageNotFound : ErrorCodes.Unavailable, 404);
        }

        timeline.Show(key);
    }

    /// <summary>
    /// Takes a page that ends before a message, and what follows: cursors are exclusive, so what follows the page's own last
    /// message is the message itself and what comes after it. True when both were complete.
    /// </summary>
    private async Task<bool> TakeAroundAsync(RoomState room, MessagePage before, CancellationToken cancellationToken)
    {
        if (before is { Complete: false, Messages.Count: 0 })
        {
            throw new ApiException(ErrorCodes.Unavailable, 503);
        }

        var from = Last(before) ?? HistoryKey.Start;
        var after = await api.MessagesAsync(room.Id, null, from, Limits.PageDefault, cancellationToken);
        TakeBefore(room, before, from);
        TakeAfter(room, after, from);
        return before.Complete && after.Complete;
    }

    public async Task JumpToNewestAsync(RoomState room, CancellationToken cancellationToken)
    {
        if (!room.Timeline.HasLiveEnd)
        {
            await LoadNewestAsync(room, cancellationToken);
        }

        room.Timeline.ShowNewest();
    }

    /// <summary>Reads a message that an answer refers to, unless it is loaded; after a failure not again before the next connection.</summary>
    public async Task QuoteAsync(RoomState room, string messageId, CancellationToken cancellationToken)
    {
        if (room.Timeline.Find(messageId) is null && _quoting.Add(messageId))
        {
            room.Timeline.Quote(await api.MessageAsync(room.Id, messageId, cancellationToken));
            _quoting.Remove(messageId);
        }
    }

    private async Task LoadBeforeAsync(RoomState room, HistoryKey before, CancellationToken cancellationToken) =>
        TakeBefore(room, await api.MessagesAsync(room.Id, before, null, Limits.PageDefault, cancellationToken), before);

    private async Task LoadAfterAsync(RoomState room, HistoryKey after, CancellationToken cancellationToken) =>
        TakeAfter(room, await api.MessagesAsync(room.Id, null, after, Limits.PageDefault, cancellationToken), after);

    private void TakeBefore(RoomState room, MessagePage page, HistoryKey before)
    {
        var low = page is { Complete: true, HasMoreBefore: false } ? HistoryKey.Start : First(page) ?? before;
        room.Timeline.Merge(page.Messages, low, before);
        Doubt(room, page, before, null);
    }

    private void TakeAfter(RoomState room, MessagePage page, HistoryKey after)
    {
        var high = page is { Complete: true, HasMoreAfter: false } ? HistoryKey.End : Last(page) ?? after;
        room.Timeline.Merge(page.Messages, after, high);
        store.CaughtUp(room, page.Messages);
        ReceiveNumbers(room, page);
        if (high == HistoryKey.End)
        {
            room.Timeline.Cursor.Read(Last(page), page.Epoch, page.Seq);
        }

        Doubt(room, page, null, after);
    }

    private void TakeNewest(RoomState room, MessagePage page)
    {
        var timeline = room.Timeline;
        var low = page is { Complete: true, HasMoreBefore: false } ? HistoryKey.Start : First(page) ?? HistoryKey.At(time.GetUtcNow());
        if (timeline.HasLiveEnd && timeline.Cursor.Last is { } contiguous)
        {
            timeline.StartAnew(contiguous, page.Messages, low);
        }
        else
        {
            timeline.Merge(page.Messages, low, HistoryKey.End);
        }

        store.CaughtUp(room, page.Messages);
        ReceiveNumbers(room, page);
        if (page.Complete)
        {
            timeline.Cursor.Read(Last(page), page.Epoch, page.Seq);
            timeline.Stale &= timeline.Ranges.Count > 1;
            if (low <= timeline.CopiedFrom)
            {
                timeline.CopiedFrom = null;
            }
        }

        Doubt(room, page, null, null);
    }

    private static void ReceiveNumbers(RoomState room, MessagePage page)
    {
        foreach (var message in page.Messages)
        {
            room.Timeline.Cursor.Received(message);
        }
    }

    private static void MarkFirstUnread(RoomState room, HistoryKey? mark)
    {
        if (mark is { } from && room.Timeline.FirstUnreadId is null && room.Timeline.Covers(from, from))
        {
            room.Timeline.MarkFirstUnread(room.FirstOfOthersAfter(from)?.Id);
        }
    }

    private static HistoryKey? First(MessagePage page) => page.Messages.Count > 0 ? HistoryKey.Of(page.Messages[0]) : null;

    private static HistoryKey? Last(MessagePage page) => page.Messages.Count > 0 ? HistoryKey.Of(page.Messages[^1]) : null;
}
