using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Backends.Pods;
using Chat.Backends.Rooms;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>Going, and being made to go.</summary>
internal sealed class RoomLeaving(
    IRoomStore rooms, RoomAccess access, PodBridge bridge, TimeProvider time)
{
    /// <summary>Null when gone, or not there in the first place.</summary>
    public async Task<Refusal?> RemoveAsync(string roomId, string caller, string username, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(roomId, caller, cancellationToken) is not { } own)
        {
            return Refuse.RoomNotFound;
        }

        if (own.Room.Kind == RoomKind.Direct)
        {
            return Refuse.DirectRoomFixed;
        }

        var members = await rooms.MembersOfAsync(roomId, cancellationToken);
        if (members.FirstOrDefault(m => m.Username == username) is not { } leaving)
        {
            return Refuse.UserNotFound;
        }

        if (username != caller && own.Membership.Role <= leaving.Role)
        {
            return Refuse.Forbidden("Only owners, and moderators for members, remove others.");
        }

        var others = members.Where(m => m.Username != username).ToList();
        if (leaving.Role == MemberRole.Owner && others.Count > 0 && others.All(m => m.Role != MemberRole.Owner))
        {
            return Refuse.LastOwner;
        }

        await LeaveAsync(roomId, username, cancellationToken);
        return null;
    }

    /// <summary>
    /// The account goes: out of every room that people leave. A room whose last owner it was is the longest-standing moderator's,
    /// else member's; a room that nobody is left in is archived.
    /// </summary>
    public async Task LeaveAllAsync(string username, CancellationToken cancellationToken)
    {
        var memberships = await rooms.MembershipsOfAsync(username, cancellationToken);
        var kinds = (await rooms.FindManyAsync([.. memberships.Select(m => m.RoomId)], cancellationToken)).ToDictionary(r => r.Id, r => r.Kind);
        foreach (var membership in memberships.Where(m => kinds.GetValueOrDefault(m.RoomId) != RoomKind.Direct))
        {
            var others = (await rooms.MembersOfAsync(membership.RoomId, cancellationToken)).Where(m => m.Username != username).ToList();
            if (others.Count == 0 && membership.Role == MemberRole.Owner)
            {
                await rooms.UpdateAsync(membership.RoomId, new RoomUpdate(Archived: true, At: time.GetUtcNow()), cancellationToken);
            }
            else if (membership.Role == MemberRole.Owner && others.All(m => m.Role != MemberRole.Owner))
            {
                var heir = others.OrderByDescending(m => m.Role).ThenBy(m => m.JoinedAt).ThenBy(m => m.Username, StringComparer.Ordinal).First();
                await rooms.UpdateMemberAsync(heir.RoomId, heir.Username, MemberRole.Owner, null, cancellationToken);
                await bridge.PublishAsync(new MembershipChanged(heir.RoomId, heir.Username, IsMember: true), cancellationToken);
            }

            await LeaveAsync(membership.RoomId, username, cancellationToken);
        }
    }

    private async Task LeaveAsync(string roomId, string username, CancellationToken cancellationToken)
    {
        await rooms.RemoveMemberAsync(roomId, username, cancellationToken);
        await bridge.PublishAsync(new MembershipChanged(roomId, username, IsMember: false), cancellationToken);
    }
}
