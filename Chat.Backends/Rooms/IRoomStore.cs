using Chat.Backends.Archive;
using Chat.Contracts;

namespace Chat.Backends.Rooms;

/// <summary>
/// Rooms and who belongs to them. Single operations are atomic, and repeating one is harmless. All calls throw
/// <see cref="BackendUnavailableException"/> when the store is away. No query is unbounded:
/// <see cref="Limits.RoomsPerUser"/> and <see cref="Limits.MembersPerRoom"/> bound both directions.
/// </summary>
public interface IRoomStore
{
    /// <summary>
    /// Creates the room and then its members. False when the id is taken: nothing was changed then. Repeating after a
    /// crash between the two completes it when the room has the same <see cref="Room.CreatedBy"/> and <see cref="Room.CreatedAt"/>.
    /// </summary>
    Task<bool> CreateAsync(Room room, IReadOnlyList<Membership> members, CancellationToken cancellationToken);

    Task<Room?> FindAsync(string roomId, CancellationToken cancellationToken);

    Task<IReadOnlyList<Room>> FindManyAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken);

    /// <summary>Sets what is not null; the room afterwards, null when there is none.</summary>
    Task<Room?> UpdateAsync(string roomId, RoomUpdate update, CancellationToken cancellationToken);

    /// <summary>Public rooms that are not archived, by id, after the given id, whose name or id contains a word beginning with the prefix.</summary>
    Task<IReadOnlyList<Room>> ListPublicAsync(string? prefix, string? afterId, int limit, CancellationToken cancellationToken);

    Task<Membership?> FindMembershipAsync(string roomId, string username, CancellationToken cancellationToken);

    Task<IReadOnlyList<Membership>> MembershipsOfAsync(string username, CancellationToken cancellationToken);

    /// <summary>By username.</summary>
    Task<IReadOnlyList<Membership>> MembersOfAsync(string roomId, CancellationToken cancellationToken);

    /// <summary>How many belong to each of the rooms.</summary>
    Task<IReadOnlyDictionary<string, int>> CountMembersAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken);

    /// <summary>False when already a member (nothing changes).</summary>
    Task<bool> AddMemberAsync(Membership membership, CancellationToken cancellationToken);

    /// <summary>False when not a member.</summary>
    Task<bool> RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken);

    /// <summary>Sets what is not null; the membership afterwards, null when there is none.</summary>
    Task<Membership?> UpdateMemberAsync(string roomId, string username, MemberRole? role, bool? muted, CancellationToken cancellationToken);

    /// <summary>Moves the read mark forward, never back (the greater cursor wins). False when it did not move.</summary>
    Task<bool> MarkReadAsync(string roomId, string username, MessageCursor upTo, CancellationToken cancellationToken);
}

public sealed record Room
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required RoomKind Kind { get; init; }

    public string? Topic { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ArchivedAt { get; init; }

    /// <summary>The people of a direct room, sorted; null for other kinds.</summary>
    public IReadOnlyList<string>? DirectMembers { get; init; }

    /// <summary>How often its invitations were taken back: one made before the last time is no longer good.</summary>
    public int InviteRound { get; init; }
}

/// <summary>Null leaves as it is; an empty topic removes it.</summary>
public sealed record RoomUpdate(string? Name = null, string? Topic = null, bool? Archived = null, DateTimeOffset At = default)
{
    /// <summary>Every invitation made so far is taken back.</summary>
    public bool RevokeInvites { get; init; }
}

public sealed record Membership
{
    public required string RoomId { get; init; }

    public required string Username { get; init; }

    public required MemberRole Role { get; init; }

    public required DateTimeOffset JoinedAt { get; init; }

    /// <summary>The read mark; null when nothing was read.</summary>
    public MessageCursor? ReadUpTo { get; init; }

    public bool Muted { get; init; }
}
