using Chat.Contracts;
using MongoDB.Bson.Serialization.Attributes;

namespace Chat.Backends.Archive;

/// <summary>What a message says about one of its files.</summary>
[BsonIgnoreExtraElements]
public sealed class MongoAttachment
{
    [BsonElement("id")] public required string Id { get; init; }

    [BsonElement("name")] public required string Name { get; init; }

    [BsonElement("contentType")] public required string ContentType { get; init; }

    [BsonElement("size")] public required long Size { get; init; }

    [BsonElement("width"), BsonIgnoreIfNull] public int? Width { get; init; }

    [BsonElement("height"), BsonIgnoreIfNull] public int? Height { get; init; }

    public static MongoAttachment Of(Attachment attachment) => new()
    {
        Id = attachment.Id,
        Name = attachment.Name,
        ContentType = attachment.ContentType,
        Size = attachment.Size,
        Width = attachment.Width,
        Height = attachment.Height,
    };

    public Attachment ToAttachment() => new(Id, Name, ContentType, Size, Width, Height);
}
