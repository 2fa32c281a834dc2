using Chat.Backends.Archive;
using Chat.Backends.Rooms;
using Chat.Contracts;

namespace Chat.Tests.Api;

/// <summary>A room store that knows who is in which room, and counts how often it is asked.</summary>
internal sealed class RoomsOfPeople : IRoomStore
{
    private readonly List<Membership> _memberships = [];

    public int Calls { get; private set; }

    public void Add(string username, string roomId) =>
        _memberships.Add(new Membership { RoomId = roomId, Username = username, Role = MemberRole.Member, JoinedAt = DateTimeOffset.UnixEpoch });

    public Task<IReadOnlyList<Membership>> MembershipsOfAsync(string username, CancellationToken cancellationToken) =>
        Find(m => m.Username == username);

    public Task<IReadOnlyList<Membership>> MembersOfAsync(string roomId, CancellationToken cancellationToken) => Find(m => m.RoomId == roomId);

    public Task<bool> CreateAsync(Room room, IReadOnlyList<Membership> members, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Room?> FindAsync(string roomId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<Room>> FindManyAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<Room?> UpdateAsync(string roomId, RoomUpdate update, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<Room>> ListPublicAsync(string? prefix, string? afterId, int limit, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<Membership?> FindMembershipAsync(string roomId, string username, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyDictionary<string, int>> CountMembersAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<bool> AddMemberAsync(Membership membership, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Membership?> UpdateMemberAsync(string roomId, string username, MemberRole? role, bool? muted, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<bool> MarkReadAsync(string roomId, string username, MessageCursor upTo, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private Task<IReadOnlyList<Membership>> Find(Func<Membership, bool> matches)
    {
        Calls++;
        return Task.FromResult<IReadOnlyList<Membership>>([.. _memberships.Where(matches)]);
    }
}
