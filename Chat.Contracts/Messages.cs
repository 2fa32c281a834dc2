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
/// not: then messages may be missing, and the same question later may answer more. <c>Seq</c> and <c>Epoch</c> are the
/// room's newest when the page was read (0 and empty when Redis is away).
/// </summary>
public sealed record MessagePage(
    IReadOnlyList<Message> Messages, bool HasMoreBefore, bool HasMoreAfter, long Seq, string Epoch, bool Complete);

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
