using Chat.Backends.Archive;
using Chat.Backends.Database;
using Chat.Contracts;
using MongoDB.Bson;
using MongoDB.Bson.Serialization.Attributes;

namespace Chat.Backends.Rooms;

/// <summary>A document of <c>rooms</c>.</summary>
[BsonIgnoreExtraElements]
public sealed class MongoRoom
{
    [BsonId] public required string Id { get; init; }

    [BsonElement("name")] public required string Name { get; init; }

    [BsonElement("kind"), BsonRepresentation(BsonType.String)] public required RoomKind Kind { get; init; }

    [BsonElement("topic"), BsonIgnoreIfNull] public string? Topic { get; init; }

    [BsonElement("createdBy")] public required string CreatedBy { get; init; }

    [BsonElement("createdAt")] public required DateTime CreatedAt { get; init; }

    /// <summary>As <see cref="ArchivedAt"/> says, for the index.</summary>
    [BsonElement("archived")] public bool Archived { get; init; }

    [BsonElement("archivedAt"), BsonIgnoreIfNull] public DateTime? ArchivedAt { get; init; }

    [BsonElement("directMembers"), BsonIgnoreIfNull] public List<string>? DirectMembers { get; init; }

    [BsonElement("inviteRound"), BsonIgnoreIfDefault] public int InviteRound { get; init; }

    /// <summary>Of the name and the id.</summary>
    [BsonElement("words")] public List<string> Words { get; init; } = [];

    public static MongoRoom Of(Room room) => new()
    {
        Id = room.Id,
        Name = room.Name,
        Kind = room.Kind,
        Topic = room.Topic,
        CreatedBy = room.CreatedBy,
        CreatedAt = room.CreatedAt.UtcDateTime,
        Archived = room.ArchivedAt is not null,
        ArchivedAt = room.ArchivedAt?.UtcDateTime,
        InviteRound = room.InviteRound,
        DirectMembers = room.DirectMembers is { } members ? [.. members] : null,
        Words = WordsOf(room.Id, room.Name),
    };

    public static List<string> WordsOf(string id, string name) =>
        [.. Search.Words.Of(name).Concat(Search.Words.Of(id)).Distinct(StringComparer.Ordinal)];

    public Room ToRoom() => new()
    {
        Id = Id,
        Name = Name,
        Kind = Kind,
        Topic = Topic,
        CreatedBy = CreatedBy,
        CreatedAt = MongoTime.Utc(CreatedAt),
        ArchivedAt = MongoTime.Utc(ArchivedAt),
        DirectMembers = DirectMembers,
        InviteRound = InviteRound,
    };
}

/// <summary>A document of <c>memberships</c>; its id is room and user, so that there is one.</summary>
[BsonIgnoreExtraElements]
public sealed class MongoMembership
{
    [BsonId] public required string Id { get; init; }

    [BsonElement("roomId")] public required string RoomId { get; init; }

    [BsonElement("username")] public required string Username { get; init; }

    [BsonElement("role"), BsonRepresentation(BsonType.String)] public required MemberRole Role { get; init; }

    [BsonElement("joinedAt")] public required DateTime JoinedAt { get; init; }

    /// <summary>The read mark as text that compares as cursors do: Unix milliseconds in 15 digits, a dash, the id.</summary>
    [BsonElement("readMark"), BsonIgnoreIfNull] public string? ReadMark { get; init; }

    [BsonElement("muted")] public bool Muted { get; init; }

    /// <summary>Neither a room's id nor a username has a slash.</summary>
    public static string IdOf(string roomId, string username) => $"{roomId}/{username}";

    public static string MarkOf(MessageCursor cursor) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{cursor.Timestamp.ToUnixTimeMilliseconds():D15}-{cursor.Id}");

    public static MongoMembership Of(Membership membership) => new()
    {
        Id = IdOf(membership.RoomId, membership.Username),
        RoomId = membership.RoomId,
        Username = membership.Username,
        Role = membership.Role,
        JoinedAt = membership.JoinedAt.UtcDateTime,
        ReadMark = membership.ReadUpTo is { } mark ? MarkOf(mark) : null,
        Muted = membership.Muted,
    };

    public Membership ToMembership() => new()
    {
        RoomId = RoomId,
        Username = Username,
        Role = Role,
        JoinedAt = MongoTime.Utc(JoinedAt),
        ReadUpTo = ReadMark is { Length: > 16 } mark
            ? new MessageCursor(
                DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(mark.AsSpan(0, 15), System.Globalization.CultureInfo.InvariantCulture)), mark[16..])
            : null,
        Muted = Muted,
    };
}
