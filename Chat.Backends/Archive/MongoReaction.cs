using Chat.Backends.Database;
using Chat.Contracts;
using MongoDB.Bson.Serialization.Attributes;

namespace Chat.Backends.Archive;

/// <summary>The last word of a user about an emoji.</summary>
public sealed class MongoReaction
{
    [BsonElement("emoji")] public required string Emoji { get; init; }

    [BsonElement("username")] public required string Username { get; init; }

    [BsonElement("on")] public required bool On { get; init; }

    [BsonElement("at")] public required DateTime At { get; init; }

    public static MongoReaction Of(ReactionState state) =>
        new() { Emoji = state.Emoji, Username = state.Username, On = state.On, At = state.At.UtcDateTime };

    public ReactionState ToState() => new(Emoji, Username, On, MongoTime.Utc(At));
}
