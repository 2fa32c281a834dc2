using Chat.Backends.Database;
using MongoDB.Bson;
using MongoDB.Bson.Serialization.Attributes;

namespace Chat.Backends.Files;

/// <summary>
/// A document of <c>attachments</c>: what is known of a file. Its bytes are in the GridFS bucket <c>files</c>, under <c>content</c>; every
/// upload's name stands in <c>uploads</c> before its first byte, so that none is forgotten.
/// </summary>
[BsonIgnoreExtraElements]
public sealed class MongoFile
{
    [BsonId] public required string Id { get; init; }

    [BsonElement("roomId")] public required string RoomId { get; init; }

    [BsonElement("uploader")] public required string Uploader { get; init; }

    [BsonElement("name")] public required string Name { get; init; }

    [BsonElement("contentType")] public required string ContentType { get; init; }

    [BsonElement("size")] public long Size { get; init; }

    [BsonElement("width"), BsonIgnoreIfNull] public int? Width { get; init; }

    [BsonElement("height"), BsonIgnoreIfNull] public int? Height { get; init; }

    [BsonElement("createdAt")] public required DateTime CreatedAt { get; init; }

    [BsonElement("messageId"), BsonIgnoreIfNull] public string? MessageId { get; init; }

    [BsonElement("removed")] public bool Removed { get; init; }

    /// <summary>Null until all bytes of an upload are there.</summary>
    [BsonElement("content"), BsonIgnoreIfNull] public ObjectId? Content { get; init; }

    [BsonElement("uploads")] public required List<ObjectId> Uploads { get; init; }

    /// <summary>When a sweep looks at it; null once it stays for good.</summary>
    [BsonElement("sweepAt"), BsonIgnoreIfNull] public DateTime? SweepAt { get; init; }

    [BsonIgnore] public bool IsThere => Content is not null && !Removed;

    public StoredFile ToFile() => new(
        Id, RoomId, Uploader, Name, ContentType, Size, Width, Height, MongoTime.Utc(CreatedAt), MessageId, Removed, Content?.ToString());
}
