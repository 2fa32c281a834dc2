using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Files;
using Chat.Web.Client.Outbox;

namespace Chat.Web.Client.State;

/// <summary>
/// Everything a component can do. What the user writes goes through the outbox and cannot fail here; what is asked of
/// the server answers with an <see cref="Outcome"/>.
/// </summary>
public sealed partial class ChatActions(
    ChatStore store, IChatApi api, OutboxQueue outbox, HistorySync history, ReadMarks reads, ChatConnection connection)
{
    /// <summary>Shows the message at once and sends it, now or when it can be. The message's id.</summary>
    public string Send(string roomId, string content, string? replyTo = null, IReadOnlyList<OutboxFile>? files = null)
    {
        store.Room(roomId)?.Timeline.ShowNewest();
        return outbox.Add(OutboxKind.Send, roomId, content: content.Trim(), replyTo: replyTo, attached: files).MessageId;
    }

    public void Edit(string roomId, string messageId, string content) =>
        outbox.Add(OutboxKind.Edit, roomId, messageId, content.Trim());

    public void Delete(string roomId, string messageId) => outbox.Add(OutboxKind.Delete, roomId, messageId);

    public void React(string roomId, string messageId, string emoji, bool on) =>
        outbox.Add(OutboxKind.React, roomId, messageId, emoji: emoji, on: on);

    /// <summary>Sends what failed again: the message's id, or a <see cref="TimelineItem.FailedChangeId"/>.</summary>
    public void Retry(string id) => outbox.Retry(id);

    /// <summary>Gives up what failed or waits: the message's id, or a <see cref="TimelineItem.FailedChangeId"/>. False when it is on its way.</summary>
    public bool Discard(string id) => outbox.Discard(id);

    /// <summary>Tells the others; at most once in three seconds goes out.</summary>
    public void Typing(string roomId) => connection.Typing(roomId);

    /// <summary>The message was on screen, at the bottom, in a focused window. Forward only, sent after a moment.</summary>
    public void MarkRead(string roomId, string messageId) => reads.Mark(roomId, messageId);

    /// <summary>Opens a room at its first unread message, where there is one; the divider is set and stays.</summary>
    public Task<Outcome> OpenRoomAsync(string roomId, CancellationToken cancellationToken = default) =>
        AskAsync(() => history.OpenAsync(roomId, cancellationToken));

    /// <summary>No room is open.</summary>
    public void CloseRoom() => history.Close();

    public Task<Outcome> LoadOlderAsync(string roomId, CancellationToken cancellationToken = default) =>
        InRoomAsync(roomId, room => history.LoadOlderAsync(room, cancellationToken));

    public Task<Outcome> LoadNewerAsync(string roomId, CancellationToken cancellationToken = default) =>
        InRoomAsync(roomId, room => history.LoadNewerAsync(room, cancellationToken));

    /// <summary>Shows the run of history around a message; refused with <c>message_not_found</c> when there is none.</summary>
    public Task<Outcome> LoadAroundAsync(string roomId, string messageId, CancellationToken cancellationToken = default) =>
        InRoomAsync(roomId, room => history.LoadAroundAsync(room, messageId, cancellationToken));

    /// <summary>Makes a message known that an answer refers to: <see cref="Timeline.Find"/> has it then.</summary>
    public Task<Outcome> QuoteAsync(string roomId, string messageId, CancellationToken cancellationToken = default) =>
        InRoomAsync(roomId, room => history.QuoteAsync(room, messageId, cancellationToken));

    /// <summary>Back to the live end.</summary>
    public Task<Outcome> JumpToNewestAsync(string roomId, CancellationToken cancellationToken = default) =>
        InRoomAsync(roomId, room => history.JumpToNewestAsync(room, cancellationToken));

    /// <summary>Tries to connect now instead of after the wait.</summary>
    public void ReconnectNow() => connection.Wake();

    private Task<Outcome> InRoomAsync(string roomId, Func<RoomState, Task> ask) => store.Room(roomId) is { } room
        ? AskAsync(() => ask(room))
        : Task.FromResult(new Outcome(ErrorCodes.RoomNotFound));

    private async Task<Outcome> AskAsync(Func<Task> ask)
    {
        try
        {
            await ask();
            return new Outcome();
        }
        catch (ApiException e)
        {
            connection.Refused(e);
            return new Outcome(e.Code, e.RetryAfter);
        }
    }

    private async Task<Outcome<T>> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return new Outcome<T>(await ask());
        }
        catch (ApiException e)
        {
            connection.Refused(e);
            return new Outcome<T>(default, e.Code, e.RetryAfter);
        }
    }
}
