using System.Text.Json.Serialization;

namespace Chat.Contracts;

/// <summary>Who may find and join a room.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RoomKind>))]
public enum RoomKind
{
    /// <summary>Everybody finds and joins it.</summary>
    [JsonStringEnumMemberName("public")] Public,

    /// <summary>Members add others; nobody else knows of it.</summary>
    [JsonStringEnumMemberName("private")] Private,

    /// <summary>Exactly these people, for good.</summary>
    [JsonStringEnumMemberName("direct")] Direct,
}

/// <summary>What a member may do: an owner everything, a moderator remove people and messages, a member take part.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MemberRole>))]
public enum MemberRole
{
    [JsonStringEnumMemberName("member")] Member,
    [JsonStringEnumMemberName("moderator")] Moderator,
    [JsonStringEnumMemberName("owner")] Owner,
}

/// <summary>A room as one of its members sees it; <c>unread</c> and <c>mentions</c> are the caller's.</summary>
public sealed record RoomSummary
{
    /// <summary>A readable slug, unique, never changed.</summary>
    public required string Id { get; init; }

    /// <summary>Empty for a direct room: its people are its name.</summary>
    public required string Name { get; init; }

    public required RoomKind Kind { get; init; }

    public string? Topic { get; init; }

    /// <summary>Messages of others after the caller's read mark, at most <see cref="Limits.UnreadMax"/>.</summary>
    public int Unread { get; init; }

    /// <summary>Those of the unread that mention the caller.</summary>
    public int Mentions { get; init; }

    public Message? LastMessage { get; init; }

    /// <summary>The caller's read mark; null when nothing was read.</summary>
    public string? LastReadMessageId { get; init; }

    /// <summary>When the message of <see cref="LastReadMessageId"/> was sent.</summary>
    public DateTimeOffset? LastReadAt { get; init; }

    /// <summary>The other people of a direct room; null for other kinds.</summary>
    public IReadOnlyList<string>? DirectWith { get; init; }

    /// <summary>The same people with their names, and whether they are connected; null for other kinds, and while nobody can say.</summary>
    public IReadOnlyList<UserInfo>? DirectPeople { get; init; }

    /// <summary>The caller's role; null when not a member (<c>?scope=public</c>).</summary>
    public MemberRole? Role { get; init; }

    /// <summary>The caller wants no notifications from it.</summary>
    public bool Muted { get; init; }

    /// <summary>Archived: read-only.</summary>
    public bool Archived { get; init; }

    /// <summary>How many belong to it.</summary>
    public int MemberCount { get; init; }
}

/// <summary>A member of a room, with their read mark and when the message of it was sent; null when they read nothing.</summary>
public sealed record RoomMember(
    string Username, string DisplayName, MemberRole Role, bool Online, string? LastReadMessageId = null, DateTimeOffset? LastReadAt = null);

/// <summary>A room's events carry what everybody in it may know; unread counts are each member's own.</summary>
public sealed record RoomChanged
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required RoomKind Kind { get; init; }

    public string? Topic { get; init; }

    public bool Archived { get; init; }

    public int MemberCount { get; init; }
}

public sealed record CreateRoomRequest(string Name, RoomKind Kind = RoomKind.Public, string? Topic = null);

/// <summary>What is null stays as it is; an empty topic removes it.</summary>
public sealed record UpdateRoomRequest(string? Name = null, string? Topic = null, bool? Archived = null);

/// <summary>Without a username the caller joins; with one the caller adds somebody.</summary>
public sealed record AddMemberRequest(string? Username = null);

/// <summary>The caller's own settings of a room, or another member's role (owner only).</summary>
public sealed record UpdateMemberRequest(MemberRole? Role = null, bool? Muted = null);

public sealed record DirectRoomRequest(IReadOnlyList<string> Usernames);

public sealed record ReadRequest(string MessageId);

/// <summary>A link that lets whoever has it join, until it expires; <c>Path</c> is on the pages' origin.</summary>
public sealed record RoomInvite(string Token, string Path, DateTimeOffset ExpiresAt);
