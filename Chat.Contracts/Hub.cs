namespace Chat.Contracts;

/// <summary>
/// The methods of the hub at <see cref="Path"/>. Refusals are HubExceptions with the message <c>code: text</c>. A call may carry a
/// W3C <c>traceparent</c> in the headers of SignalR's invocation, in either protocol: it becomes the parent of the server's span
/// and nothing else; a malformed one is ignored.
/// </summary>
public interface IChatServer
{
    /// <summary>Where the hub is, from the pages' origin.</summary>
    const string Path = "/hubs/chat";

    /// <summary>
    /// In development, the response header that tells the proxy of the web pages which API replica negotiated a connection. The proxy
    /// removes it.
    /// </summary>
    const string ReplicaHeader = "Chat-Replica";

    /// <summary>Answers after acceptance: one durable store has the message.</summary>
    Task<SendReceipt> SendMessage(SendMessage message);

    Task EditMessage(EditMessage edit);

    Task DeleteMessage(DeleteMessage delete);

    Task React(React reaction);

    Task Typing(string roomId);

    Task MarkRead(string roomId, string messageId);
}

/// <summary>
/// What the server tells an authenticated connection, for every room its user belongs to. Pushes are hints, history is
/// the truth: a push may be missed, come twice or out of order; ids, <see cref="MessageMerge"/> and seq put it right.
/// </summary>
public interface IChatClient
{
    Task MessageReceived(Message message);

    Task MessageEdited(MessageEdited edit);

    Task MessageDeleted(MessageDeleted deleted);

    Task ReactionChanged(ReactionChanged reaction);

    Task Typing(TypingEvent typing);

    Task PresenceChanged(PresenceEvent presence);

    /// <summary>A member's read mark moved.</summary>
    Task ReadChanged(ReadEvent read);

    /// <summary>The user joined it, or its name, topic, members or state changed.</summary>
    Task RoomChanged(RoomChanged room);

    /// <summary>The user no longer belongs to it, or it is gone.</summary>
    Task RoomRemoved(RoomRemovedEvent room);

    /// <summary>
    /// Something may have been missed: fetch what follows the last contiguous message, and the changes after the contiguous number, after
    /// the delay that the event names. The first one without a room comes when a new connection hears of everything. One that names a
    /// room also says that a page of its history may have lacked something: read again what is kept of it.
    /// </summary>
    Task Resync(ResyncEvent resync);

    /// <summary>The connection closes next; do not reconnect before signing in again.</summary>
    Task SessionEnded();
}

public sealed record TypingEvent(string RoomId, string Username);

public sealed record PresenceEvent(string Username, bool Online);

public sealed record ReadEvent(string RoomId, string Username, string MessageId);

public sealed record RoomRemovedEvent(string Id);

/// <summary>What a client should fetch again, and when.</summary>
/// <param name="RoomId">The room; null for every room.</param>
/// <param name="DelayMilliseconds">
/// How long to wait before fetching, chosen at random by the server so that clients do not all ask at once; null for not at all. What
/// is fetched later is as complete, so a client that is told again while it waits need not wait twice.
/// </param>
public sealed record ResyncEvent(string? RoomId = null, int? DelayMilliseconds = null);
