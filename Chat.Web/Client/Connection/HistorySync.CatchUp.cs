using Chat.Contracts;
using Chat.Web.Client.Outbox;
using Chat.Web.Client.State;
using Chat.Web.Client.Storage;

namespace Chat.Web.Client.Connection;

/// <summary>
/// Keeps what is known whole: after a reconnect, a gap, a new epoch or a resync it fetches the messages after the last
/// contiguous one and then the changes after the contiguous number. Where the server cannot tell these changes, what is kept is read
/// again. What came back incomplete is asked for again. Pushes are hints, history is the truth.
/// </summary>
public sealed partial class HistorySync(
    ChatStore store, IChatApi api, LocalCopy cache, TimeProvider time, Random random, ILogger<HistorySync> logger)
{
    /// <summary>Pages fetched one after the other before the client goes to the newest instead and leaves a gap to scroll through.</summary>
    public const int MaxPages = 10;

    /// <summary>Pods' clocks differ a little, so a message may sort before the last contiguous one; ids drop what is known.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    /// <summary>Pushes overtake each other by moments; a gap that closes by itself is not worth a request.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// A new epoch is on all screens of the room at the same moment, usually without anything missing: each client looks at a moment of
    /// its own, in a small room at once, in a large one within seconds.
    /// </summary>
    private static readonly TimeSpan NewEpochForEachMember = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan NewEpochWithin = TimeSpan.FromSeconds(5);

    /// <summary>
    /// After so many complete answers, over some ten seconds, that do not reach the numbers that came by push, the server
    /// has lost those numbers (Redis came back empty): what was accepted is in the archive by then.
    /// </summary>
    private const int MaxAttemptsForNumbers = 6;

    private static readonly TimeSpan EventWithin = TimeSpan.FromSeconds(3);
    private const int Few = 10;

    /// <summary>What a catch-up may have added, and what was kept before it.</summary>
    private const int MaxRefreshPages = MaxPages + 5;

    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), random);
    private readonly Dictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly HashSet<string> _again = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(HistoryKey? Before, HistoryKey? After)>> _doubts = new(StringComparer.Ordinal);

    /// <summary>How many rooms are being caught up.</summary>
    public int Running => _running.Count;

    /// <summary>Some room's history came back incomplete and has not been healed yet.</summary>
    public bool Incomplete => store.AllRooms.Any(r => r.Timeline.Incomplete);

    /// <summary><see cref="Running"/> or <see cref="Incomplete"/> changed.</summary>
    public event Action? Changed;

    /// <summary>Ends with the connection's life.</summary>
    internal CancellationToken Stopping { get; set; }

    /// <summary>A push came in: where it shows a gap, what is missing is fetched.</summary>
    internal void Look(RoomState room)
    {
        if (room.Timeline.Cursor.HasGap)
        {
            var span = TimeSpan.FromTicks(Math.Min((room.Summary.MemberCount * NewEpochForEachMember).Ticks, NewEpochWithin.Ticks));
            CatchUp(room, room.Timeline.Cursor.HasNewEpoch ? Patience + (span * random.NextDouble()) : Patience);
        }
    }

    /// <summary>
    /// Something may have been missed. Rooms keep what is near the screen only, and are doubted until the numbers show that no change is
    /// missing. A room that stays in doubt is read again; one that is not open, when it is opened.
    /// </summary>
    internal void CatchUpAll()
    {
        _quoting.Clear();
        foreach (var room in store.AllRooms.OrderByDescending(r => r == store.OpenRoom))
        {
            CatchUpStale(room);
        }
    }

    /// <summary>The server named this room: a page of it that was called complete may not have been, which no number shows.</summary>
    internal void Reread(RoomState room)
    {
        room.Timeline.MustReread = true;
        CatchUpStale(room);
    }

    private void CatchUpStale(RoomState room)
    {
        room.Timeline.KeepNear(2 * Limits.PageMax);
        room.Timeline.Stale = true;
        CatchUp(room, TimeSpan.Zero);
    }

    private void CatchUp(RoomState room, TimeSpan delay)
    {
        if (_running.ContainsKey(room.Id))
        {
            if (delay == TimeSpan.Zero)
            {
                _again.Add(room.Id);
            }

            return;
        }

        // The entry is made before the work starts: the first part of it runs at once.
        _running[room.Id] = Task.CompletedTask;
        _running[room.Id] = RunAsync(room, delay);
        Changed?.Invoke();
    }

    private async Task RunAsync(RoomState room, TimeSpan delay)
    {
        try
        {
            await Task.Yield();
            if (delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, time, Stopping);
                if (!room.Timeline.Cursor.HasGap && !_again.Contains(room.Id))
                {
                    return;
                }
            }

            for (var attempt = 0; store.Room(room.Id) == room; attempt++)
            {
                _again.Remove(room.Id);
                var healed = await TryAsync(room, attempt, Stopping);
                if (healed && !_again.Contains(room.Id))
                {
                    return;
                }

                if (!_again.Contains(room.Id))
                {
                    await Task.Delay(_backoff.After(attempt), time, Stopping);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is gone; the next one catches up anew.
        }
        finally
        {
            _running.Remove(room.Id);
            // A run of the connection before may end when the new one has asked already.
            var again = _again.Remove(room.Id) || _doubts.ContainsKey(room.Id);
            if (again && !Stopping.IsCancellationRequested && store.Room(room.Id) == room)
            {
                CatchUp(room, TimeSpan.Zero);
            }

            Changed?.Invoke();
        }
    }

    /// <summary>True when nothing is missing any more.</summary>
    private async Task<bool> TryAsync(RoomState room, int attempt, CancellationToken cancellationToken)
    {
        try
        {
            var caughtUp = await CatchUpOnceAsync(room, cancellationToken);
            var settled = await SettleDoubtsAsync(room, cancellationToken);
            room.Timeline.SetIncomplete(!caughtUp || !settled);
            Changed?.Invoke();
            if (caughtUp && settled && attempt >= MaxAttemptsForNumbers)
            {
                room.Timeline.Cursor.ForgetAhead();
            }

            return caughtUp && settled && !room.Timeline.Cursor.HasGap;
        }
        catch (ApiException e)
        {
            LogFailed(e.Code);
            if (e.Code is ErrorCodes.RoomNotFound or ErrorCodes.NotSignedIn)
            {
                _doubts.Remove(room.Id);
                return true;
            }

            return false;
        }
    }

    private async Task<bool> CatchUpOnceAsync(RoomState room, CancellationToken cancellationToken)
    {
        var timeline = room.Timeline;
        if (!timeline.HasLiveEnd && room != store.OpenRoom)
        {
            // Nothing of it is on screen: the list of rooms tells its counts, opening it reads it.
            return true;
        }

        // Opened while nothing could be read, a room shows the local copy, or nothing: it is read now.
        if (!timeline.HasLiveEnd || timeline.Cursor.Last is not { } last)
        {
            await LoadNewestAsync(room, cancellationToken);
            await RefreshAsync(room, cancellationToken);
            return !_doubts.ContainsKey(room.Id);
        }

        var complete = true;
        var from = HistoryKey.At(last == HistoryKey.Start ? last.Timestamp : last.Timestamp - Overlap);
        for (var pages = 1; ; pages++)
        {
            var page = await api.MessagesAsync(room.Id, null, from, Limits.PageMax, cancellationToken);
            complete &= page.Complete && (page.Messages.Count > 0 || !page.HasMoreAfter);
            if (pages > MaxPages && page.HasMoreAfter && page.Messages.Count > 0)
            {
                var newest = await api.MessagesAsync(room.Id, null, null, Limits.PageMax, cancellationToken);
                timeline.StartAnew(from, newest.Messages, First(newest) ?? from);
                store.CaughtUp(room, newest.Messages);
                timeline.KeepNear(2 * Limits.PageMax);
                if (newest.Complete)
                {
                    await CatchUpChangesAsync(room, newest, cancellationToken);
                }

                return newest.Complete;
            }

            timeline.Merge(page.Messages, from, page.HasMoreAfter ? Last(page) ?? from : HistoryKey.End);
            store.CaughtUp(room, page.Messages);
            ReceiveNumbers(room, page);
            if (!page.HasMoreAfter || page.Messages.Count == 0)
            {
                if (complete)
                {
                    await CatchUpChangesAsync(room, page, cancellationToken);
                }

                return complete;
            }

            from = Last(page)!.Value;
        }
    }

    /// <summary>
    /// All messages up to the end of the page are here. Now the changes up to its number: none is missing when every number up to it has
    /// come in and every change has a number; else the server is asked for those after the contiguous number. Where it cannot tell, what
    /// is kept is read again.
    /// </summary>
    private async Task CatchUpChangesAsync(RoomState room, MessagePage page, CancellationToken cancellationToken)
    {
        var timeline = room.Timeline;
        var cursor = timeline.Cursor;
        if (page.Epoch.Length > 0)
        {
            var whole = page.Epoch == cursor.Epoch && (page.Seq <= cursor.Seq
                ? page.ChangesNumbered || !timeline.Stale
                : page.ChangesNumbered && await FetchChangesAsync(room, cursor.Epoch, cursor.Seq, cancellationToken));
            // What was taken from the local copy may lack changes from before the number.
            timeline.Stale = !whole || (timeline.Stale && (timeline.MustReread || timeline.CopiedFrom is not null));
        }

        cursor.CaughtUp(Last(page), page.Epoch, page.Seq);
        await RefreshAsync(room, cancellationToken);
    }

    /// <summary>False when the server cannot tell all of them.</summary>
    private async Task<bool> FetchChangesAsync(RoomState room, string epoch, long since, CancellationToken cancellationToken)
    {
        try
        {
            var page = await api.ChangesAsync(room.Id, epoch, since, cancellationToken);
            foreach (var change in page.Changes)
            {
                store.Apply(change);
            }

            return page.Complete;
        }
        catch (ApiException e) when (e.Code == ErrorCodes.NotFound)
        {
            // A server of a version that numbers no changes, during a rolling update.
            return false;
        }
    }

    /// <summary>Changes of what is kept may be missing, and nothing tells which: it is read again.</summary>
    private async Task RefreshAsync(RoomState room, CancellationToken cancellationToken)
    {
        if (!room.Timeline.Stale || store.OpenRoom != room)
        {
            return;
        }

        var complete = true;
        foreach (var (low, high) in room.Timeline.Ranges)
        {
            var before = high;
            for (var pages = 0; pages < MaxRefreshPages && before > low; pages++)
            {
                var page = await api.MessagesAsync(room.Id, before == HistoryKey.End ? null : before, null, Limits.PageMax, cancellationToken);
                complete &= page.Complete;
                room.Timeline.Merge(page.Messages, First(page) ?? before, before);
                if (!page.HasMoreBefore || First(page) is not { } first)
                {
                    break;
                }

                before = first;
            }
        }

        room.Timeline.Stale = !complete;
        if (complete)
        {
            room.Timeline.CopiedFrom = null;
        }
    }

    /// <summary>
    /// A change of one's own was confirmed and its event may be lost, or may have been overtaken by another device's: unless
    /// it comes in a moment, the message is read again.
    /// </summary>
    internal async void Verify(RoomState room, OutboxItem item)
    {
        try
        {
            for (var attempt = 0; store.Room(room.Id) == room; attempt++)
            {
                await Task.Delay(attempt == 0 ? EventWithin : _backoff.After(attempt), time);
                if (!room.Timeline.IsUntold(item.Id))
                {
                    return;
                }

                if (room.Timeline.KeyOf(item.MessageId) is not { } key)
                {
                    // Far from the screen by now: its page will have the change.
                    room.Timeline.Told(item);
                    return;
                }

                try
                {
                    var until = HistoryKey.At(key.Timestamp.AddMilliseconds(1));
                    var page = await api.MessagesAsync(room.Id, until, null, Few, CancellationToken.None);
                    if (page.Messages.Any(m => m.Id == item.MessageId))
                    {
                        room.Timeline.Merge(page.Messages, key, key);
                        room.Timeline.Told(item);
                        return;
                    }
                }
                catch (ApiException e) when (e.Code is not (ErrorCodes.NotSignedIn or ErrorCodes.RoomNotFound))
                {
                    LogFailed(e.Code);
                }
            }
        }
        catch (ApiException e)
        {
            LogFailed(e.Code);
        }
    }

    private void Doubt(RoomState room, MessagePage page, HistoryKey? before, HistoryKey? after)
    {
        if (page.Complete)
        {
            return;
        }

        if (!_doubts.TryGetValue(room.Id, out var doubts))
        {
            _doubts[room.Id] = doubts = [];
        }

        if (!doubts.Contains((before, after)))
        {
            doubts.Add((before, after));
        }

        room.Timeline.SetIncomplete(true);
        if (!_running.ContainsKey(room.Id))
        {
            CatchUp(room, TimeSpan.Zero);
        }

        Changed?.Invoke();
    }

    private async Task<bool> SettleDoubtsAsync(RoomState room, CancellationToken cancellationToken)
    {
        if (!_doubts.Remove(room.Id, out var doubts))
        {
            return true;
        }

        for (var i = 0; i < doubts.Count; i++)
        {
            var (before, after) = doubts[i];
            try
            {
                var page = await api.MessagesAsync(room.Id, before, after, Limits.PageMax, cancellationToken);
                if (before is { } b)
                {
                    TakeBefore(room, page, b);
                }
                else if (after is { } a)
                {
                    TakeAfter(room, page, a);
                }
                else
                {
                    TakeNewest(room, page);
                }
            }
            catch (ApiException)
            {
                _doubts[room.Id] = [.. _doubts.GetValueOrDefault(room.Id) ?? [], .. doubts.Skip(i)];
                throw;
            }
        }

        return !_doubts.ContainsKey(room.Id);
    }

    [LoggerMessage(7102, LogLevel.Information, "Catching up a room did not succeed and is tried again: {Code}")]
    private partial void LogFailed(string code);
}
