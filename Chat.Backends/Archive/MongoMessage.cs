using Chat.Backends.Database;
using Chat.Contracts;
using MongoDB.Bson.Serialization.Attributes;

namespace Chat.Backends.Archive;

/// <summary>
/// A document of <c>messages</c>: the contract's fields, and what merging and searching need. Times are BSON dates, whole
/// milliseconds. A document without <c>timestamp</c> is a stub: only changes came so far, kept in <c>pending</c>, one entry a
/// room, so that a change naming another room than the message's says nothing about it.
/// </summary>
[BsonIgnoreExtraElements]
public sealed class MongoMessage
{
    [BsonId] public required string Id { get; init; }

    [BsonElement("sender"), BsonIgnoreIfNull] public string? Sender { get; init; }

    [BsonElement("roomId"), BsonIgnoreIfNull] public string? RoomId { get; init; }

    [BsonElement("content"), BsonIgnoreIfNull] public string? Content { get; init; }

    [BsonElement("timestamp"), BsonIgnoreIfNull] public DateTime? Timestamp { get; init; }

    [BsonElement("seq"), BsonIgnoreIfDefault] public long Seq { get; init; }

    [BsonElement("epoch"), BsonIgnoreIfNull] public string? Epoch { get; init; }

    [BsonElement("clientId"), BsonIgnoreIfNull] public string? ClientId { get; init; }

    [BsonElement("replyTo"), BsonIgnoreIfNull] public string? ReplyTo { get; init; }

    [BsonElement("mentions"), BsonIgnoreIfNull] public List<string>? Mentions { get; init; }

    [BsonElement("attachments"), BsonIgnoreIfNull] public List<MongoAttachment>? Attachments { get; init; }

    [BsonElement("editedAt"), BsonIgnoreIfNull] public DateTime? EditedAt { get; init; }

    [BsonElement("editId"), BsonIgnoreIfNull] public string? EditId { get; init; }

    [BsonElement("deletedAt"), BsonIgnoreIfNull] public DateTime? DeletedAt { get; init; }

    [BsonElement("reactions"), BsonIgnoreIfNull] public List<MongoReaction>? Reactions { get; init; }

    /// <summary>Search.Words of the content.</summary>
    [BsonElement("words"), BsonIgnoreIfNull] public List<string>? Words { get; init; }

    [BsonElement("pending"), BsonIgnoreIfNull] public List<MongoMessage>? Pending { get; init; }

    /// <summary>Raised by every write: a write replaces just the revision it has read.</summary>
    [BsonElement("rev")] public long Revision { get; init; }

    public static MongoMessage Of(Message message, long revision) => new()
    {
        Id = message.Id,
        Sender = message.Sender,
        RoomId = message.RoomId,
        Content = message.Content,
        Timestamp = message.Timestamp.UtcDateTime,
        Seq = message.Seq,
        Epoch = message.Epoch.Length == 0 ? null : message.Epoch,
        ClientId = message.ClientId.Length == 0 ? null : message.ClientId,
        ReplyTo = message.ReplyTo,
        Mentions = message.Mentions.Count == 0 ? null : [.. message.Mentions],
        Attachments = message.Attachments is { Count: > 0 } files ? [.. files.Select(MongoAttachment.Of)] : null,
        EditedAt = message.EditedAt?.UtcDateTime,
        EditId = message.EditId,
        DeletedAt = message.DeletedAt?.UtcDateTime,
        Reactions = message.ReactionStates is { } states ? [.. states.Select(MongoReaction.Of)] : null,
        Words = Search.Words.Of(message.Content) is { Count: > 0 } words ? [.. words] : null,
        Revision = revision,
    };

    /// <summary>Null for a stub.</summary>
    public Message? ToMessage() => Timestamp is { } timestamp ? ToMessage(timestamp) : null;

    /// <summary>What only changes have said: a message at the beginning of time, which any real one merges over.</summary>
    public Message ToPending() => ToMessage(DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc));

    public static MongoMessage OfPending(Message pending)
    {
        var all = Of(pending, 0);
        return new MongoMessage
        {
            Id = all.Id,
            RoomId = all.RoomId,
            Content = all.Content,
            Mentions = all.Mentions,
            EditedAt = all.EditedAt,
            EditId = all.EditId,
            DeletedAt = all.DeletedAt,
            Reactions = all.Reactions,
        };
    }

    private Message ToMessage(DateTime timestamp)
    {
        var states = Reactions?.ConvertAll(r => r.ToState());
        return new Message
        {
            Id = Id,
            Sender = Sender ?? "",
            RoomId = RoomId ?? "",
            Content = Content ?? "",
            Timestamp = MongoTime.Utc(timestamp),
            Seq = Seq,
            Epoch = Epoch ?? "",
            ClientId = ClientId ?? "",
            ReplyTo = ReplyTo,
            Mentions = Mentions ?? [],
            Attachments = Attachments?.ConvertAll(a => a.ToAttachment()),
            EditedAt = MongoTime.Utc(EditedAt),
            EditId = EditId,
            DeletedAt = MongoTime.Utc(DeletedAt),
            ReactionStates = states,
            Reactions = MessageMerge.Reactions(states),
        };
    }
}
