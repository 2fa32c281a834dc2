namespace Chat.Contracts;

/// <summary>
/// The body of <c>POST /api/rooms/{id}/messages</c>; without a client id the server makes one, and sending again is a new message.
/// <c>Attachments</c> are ids of files that the caller uploaded to the room; with some, the content may be empty or left out.
/// <c>Attempt</c>: as <see cref="SendMessage"/> has it.
/// </summary>
public sealed record PostMessageRequest(
    string? Content = null, string? ClientId = null, string? ReplyTo = null, IReadOnlyList<string>? Attachments = null, int? Attempt = null);

public sealed record EditContentRequest(string Content);

/// <summary>
/// A piece of a room's history, oldest first. <c>Complete</c> is false when a store that should have answered could
/// not: then messages may be missing, and the same question later may answer more. <c>Seq</c> and <c>Epoch</c> say at which number of
/// the room the page was read (0 and empty when Redis is away): a complete page has every message of its range, and every change of
/// these messages, up to that number. <c>ChangesNumbered</c>: every change of the epoch has a number, so who knows all numbers up to
/// <c>Seq</c> has missed no change; false in an epoch that a server of an older version began.
/// </summary>
public sealed record MessagePage(
    IReadOnlyList<Message> Messages, bool HasMoreBefore, bool HasMoreAfter, long Seq, string Epoch, bool Complete,
    bool ChangesNumbered = false);

/// <summary>The changes of a room's messages after a number, as a client asks for them that knows everything up to that number.</summary>
/// <param name="Changes">In the order of their numbers; changes commute, so any order of applying them will do.</param>
/// <param name="Seq">The room's newest number when this was read; 0 when Redis is away.</param>
/// <param name="Epoch">The room's epoch when this was read; empty when there is none, or Redis is away.</param>
/// <param name="Complete">
/// True: these are all changes after the number. False: the server does not keep changes from so long ago, or the number is of another
/// epoch. Then the client reads again the messages that it keeps.
/// </param>
public sealed record ChangePage(IReadOnlyList<MessageChange> Changes, long Seq, string Epoch, bool Complete);

/// <summary>Found messages, newest first.</summary>
public sealed record SearchPage(IReadOnlyList<Message> Messages, bool HasMore, bool Complete);

/// <summary>
/// What the hub takes to send. <c>ClientId</c> makes sending again safe: same id, shown and stored once.
/// <c>Attachments</c> are ids of files that the sender uploaded to the room; with some, the content may be empty.
/// <c>Attempt</c> is 1 the first time that this client id is sent and grows with each further time. It may be left out: it only makes
/// the server look further back for the first sending. A client id in the form of a UUID version 7 (RFC 9562) that was made within the
/// last minutes lets the server skip that search.
/// </summary>
public sealed record SendMessage(
    string RoomId, string Content, string ClientId, string? ReplyTo = null, IReadOnlyList<string>? Attachments = null, int? Attempt = null);

/// <summary>The acknowledgement: one durable store has the message.</summary>
public sealed record SendReceipt(string Id, DateTimeOffset Timestamp, long Seq, string Epoch);

public sealed record EditMessage(string RoomId, string Id, string Content);

public sealed record DeleteMessage(string RoomId, string Id);

public sealed record React(string RoomId, string Id, string Emoji, bool On);
