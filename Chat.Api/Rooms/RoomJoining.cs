using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Backends.Pods;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>Coming into a room by oneself, by a member's word, or by an invitation.</summary>
internal sealed class RoomJoining(IRoomStore rooms, IUserDirectory users, RoomAccess access, PodBridge bridge, TimeProvider time)
{
    public async Task<Outcome<Room>> JoinAsync(string roomId, string username, CancellationToken cancellationToken)
    {
        var room = RoomIds.IsWellFormed(roomId) ? await rooms.FindAsync(roomId, cancellationToken) : null;
        if (room is null)
        {
            return Refuse.RoomNotFound;
        }

        return room.Kind == RoomKind.Public
            ? await AddAsync(room, username, cancellationToken)
            : await access.FindAsync(roomId, username, cancellationToken) is null ? Refuse.RoomNotFound : room;
    }

    public async Task<Outcome<Room>> AddOtherAsync(string roomId, string caller, string username, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(roomId) || await access.FindAsync(roomId, caller, cancellationToken) is not { } own)
        {
            return Refuse.RoomNotFound;
        }

        if (own.Room.Kind == RoomKind.Direct)
        {
            return Refuse.DirectRoomFixed;
        }

        return await users.FindAsync(username, cancellationToken) is { DeletedAt: null }
            ? await AddAsync(own.Room, username, cancellationToken)
            : Refuse.UserNotFound;
    }

    /// <summary>An invitation to it was read; whether it was taken back meanwhile, the room says.</summary>
    public async Task<Outcome<Room>> AcceptAsync(string roomId, int round, string username, CancellationToken cancellationToken) =>
        await rooms.FindAsync(roomId, cancellationToken) is not { } room ? Refuse.RoomNotFound
        : room.InviteRound == round ? await AddAsync(room, username, cancellationToken)
        : Refuse.InviteNotFound;

    private async Task<Outcome<Room>> AddAsync(Room room, string username, CancellationToken cancellationToken)
    {
        if (room.ArchivedAt is not null)
        {
            return Refuse.RoomArchived;
        }

        var members = await rooms.CountMembersAsync([room.Id], cancellationToken);
        if (members.GetValueOrDefault(room.Id) >= Limits.MembersPerRoom)
        {
            return Refuse.RoomFull;
        }

        if ((await rooms.MembershipsOfAsync(username, cancellationToken)).Count >= Limits.RoomsPerUser)
        {
            return Refuse.TooManyRooms;
        }

        var membership = new Membership { RoomId = room.Id, Username = username, Role = MemberRole.Member, JoinedAt = time.GetUtcNow() };
        if (await rooms.AddMemberAsync(membership, cancellationToken))
        {
            await bridge.PublishAsync(new MembershipChanged(room.Id, username, IsMember: true), cancellationToken);
        }

        return room;
    }
}
