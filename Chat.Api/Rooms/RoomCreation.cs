using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Backends.Pods;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>Making rooms by name, and the one direct room of some people.</summary>
internal sealed class RoomCreation(IRoomStore rooms, IUserDirectory users, PodBridge bridge, TimeProvider time)
{
    public async Task<Outcome<Room>> CreateAsync(CreateRoomRequest? request, string username, CancellationToken cancellationToken)
    {
        var name = request?.Name?.Trim() ?? "";
        var topic = request?.Topic?.Trim();
        if (RoomText.Complaint(name, topic) is { } complaint)
        {
            return complaint;
        }

        if (request!.Kind is not (RoomKind.Public or RoomKind.Private))
        {
            return Refuse.InvalidRoomKind;
        }

        if ((await rooms.MembershipsOfAsync(username, cancellationToken)).Count >= Limits.RoomsPerUser)
        {
            return Refuse.TooManyRooms;
        }

        var now = time.GetUtcNow();
        foreach (var id in RoomIds.Candidates(name))
        {
            var room = new Room
            {
                Id = id,
                Name = name,
                Kind = request.Kind,
                Topic = string.IsNullOrEmpty(topic) ? null : topic,
                CreatedBy = username,
                CreatedAt = now,
            };
            var owner = new Membership { RoomId = id, Username = username, Role = MemberRole.Owner, JoinedAt = now };
            if (await rooms.CreateAsync(room, [owner], cancellationToken))
            {
                await bridge.PublishAsync(new MembershipChanged(id, username, IsMember: true), cancellationToken);
                return room;
            }
        }

        return Refuse.Unavailable;
    }

    /// <summary>The same people get the same room whoever asks, also when several ask at once.</summary>
    public async Task<Outcome<(Room Room, bool Created)>> DirectAsync(DirectRoomRequest? request, string username, CancellationToken cancellationToken)
    {
        if (request?.Usernames is null || request.Usernames.Any(string.IsNullOrWhiteSpace))
        {
            return Refuse.InvalidMembers;
        }

        string[] people = [.. request.Usernames.Select(Auth.UserAccounts.Normalize).Append(username).Distinct().Order(StringComparer.Ordinal)];
        if (people.Length is < 2 or > Limits.DirectRoomPeople)
        {
            return Refuse.InvalidMembers;
        }

        if ((await users.FindManyAsync(people, cancellationToken)).Count(u => u.DeletedAt is null) < people.Length)
        {
            return Refuse.UserNotFound;
        }

        var now = time.GetUtcNow();
        var room = new Room
        {
            Id = RoomIds.Direct(people),
            Name = "",
            Kind = RoomKind.Direct,
            CreatedBy = username,
            CreatedAt = now,
            DirectMembers = people,
        };
        Membership[] members = [.. people.Select(p => new Membership { RoomId = room.Id, Username = p, Role = MemberRole.Member, JoinedAt = now })];
        var created = await rooms.CreateAsync(room, members, cancellationToken);
        foreach (var member in members)
        {
            // Whoever made it before may have crashed before its people were in it.
            if (created || await rooms.AddMemberAsync(member, cancellationToken))
            {
                await bridge.PublishAsync(new MembershipChanged(room.Id, member.Username, IsMember: true), cancellationToken);
            }
        }

        return (created ? room : await rooms.FindAsync(room.Id, cancellationToken) ?? room, created);
    }
}

/// <summary>What names and topics may be.</summary>
internal static class RoomText
{
    public static Refusal? Complaint(string? name, string? topic) =>
        name is not null && (name.Length is < 1 or > Limits.RoomNameMax || name.Any(char.IsControl)) ? Refuse.InvalidRoomName
        : topic is not null && (topic.Length > Limits.RoomTopicMax || topic.Any(char.IsControl)) ? Refuse.InvalidTopic
        : null;
}
