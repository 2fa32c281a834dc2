using Chat.Api.Presence;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Recent;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>
/// Rooms as one of their members sees them, with counts from what Redis holds and from the archive together: Redis knows what is
/// not saved yet, the archive what Redis trimmed. While the archive is away counts are those of the recent messages.
/// </summary>
internal sealed class RoomSummaries(
    IRoomStore rooms, RoomAccess access, IRecentMessages recent, IMessageArchive archive, IUserDirectory users, Online online)
{
    private const int AtOnce = 8;
    private const int NamesAtOnce = 200;

    public async Task<IReadOnlyList<RoomSummary>> OfAsync(string username, CancellationToken cancellationToken)
    {
        var own = await AccessesAsync(username, cancellationToken);
        string[] ids = [.. own.Select(a => a.Room.Id)];
        var counting = TryAsync(() => rooms.CountMembersAsync(ids, cancellationToken));
        var newestRecent = recent.ReadNewestAsync(ids, cancellationToken);
        var newestSaved = TryAsync(() => archive.ReadNewestAsync(ids, cancellationToken));
        var naming = PeopleAsync(own.Select(a => a.Room), cancellationToken);
        var counts = await counting ?? new Dictionary<string, int>();
        var inRedis = await newestRecent ?? new Dictionary<string, Message>();
        var saved = await newestSaved;
        var people = await naming;

        var summaries = new RoomSummary[own.Count];
        await Parallel.ForAsync(0, own.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (i, ct) =>
        {
            var id = own[i].Room.Id;
            var newestSaved = saved?.GetValueOrDefault(id);
            var newest = Newer(newestSaved, inRedis.GetValueOrDefault(id));
            var unread = await UnreadAsync(own[i], newest, newestSaved, ct);
            summaries[i] = Named(Summary(own[i].Room, own[i].Membership, counts.GetValueOrDefault(id), username), people) with
            {
                LastMessage = newest,
                Unread = unread.Unread,
                Mentions = unread.Mentions,
            };
        });
        return summaries;
    }

    public async Task<RoomSummary> OneAsync(Room room, string username, CancellationToken cancellationToken)
    {
        var membership = (await access.FindAsync(room.Id, username, cancellationToken))?.Membership;
        var counts = await TryAsync(() => rooms.CountMembersAsync([room.Id], cancellationToken));
        var people = await PeopleAsync([room], cancellationToken);
        var summary = Named(Summary(room, membership, counts?.GetValueOrDefault(room.Id) ?? 0, username), people);
        if (membership is null)
        {
            return summary;
        }

        var inRedis = await recent.ReadNewestAsync([room.Id], cancellationToken);
        var saved = (await TryAsync(() => archive.ReadNewestAsync([room.Id], cancellationToken)))?.GetValueOrDefault(room.Id);
        var newest = Newer(saved, inRedis?.GetValueOrDefault(room.Id));
        var unread = await UnreadAsync(new Access(room, membership), newest, saved, cancellationToken);
        return summary with { LastMessage = newest, Unread = unread.Unread, Mentions = unread.Mentions };
    }

    /// <summary>As somebody sees it who may not belong to it.</summary>
    public static RoomSummary Summary(Room room, Membership? membership, int members, string? username = null) => new()
    {
        Id = room.Id,
        Name = room.Name,
        Kind = room.Kind,
        Topic = room.Topic,
        Archived = room.ArchivedAt is not null,
        MemberCount = members,
        Role = membership?.Role,
        Muted = membership?.Muted ?? false,
        LastReadMessageId = membership?.ReadUpTo?.Id,
        LastReadAt = membership?.ReadUpTo?.Timestamp,
        DirectWith = room.DirectMembers is null ? null : [.. room.DirectMembers.Where(m => m != (membership?.Username ?? username))],
    };

    private static RoomSummary Named(RoomSummary summary, IReadOnlyDictionary<string, UserInfo>? people) => summary.DirectWith is { } with && people is not null
        ? summary with { DirectPeople = [.. with.Where(people.ContainsKey).Select(name => people[name])] }
        : summary;

    /// <summary>Everybody of the direct rooms among these; null while nobody can say.</summary>
    private async Task<IReadOnlyDictionary<string, UserInfo>?> PeopleAsync(IEnumerable<Room> some, CancellationToken cancellationToken)
    {
        var present = await online.NowAsync(cancellationToken);
        var people = new Dictionary<string, UserInfo>(StringComparer.Ordinal);
        foreach (var names in some.SelectMany(r => r.DirectMembers ?? []).Distinct(StringComparer.Ordinal).Chunk(NamesAtOnce))
        {
            if (await TryAsync(() => users.FindManyAsync(names, cancellationToken)) is not { } found)
            {
                return null;
            }

            foreach (var user in found)
            {
                people[user.Username] = new UserInfo(user.Username, user.DisplayName, present.Contains(user.Username));
            }
        }

        return people;
    }

    private async Task<IReadOnlyList<Access>> AccessesAsync(string username, CancellationToken cancellationToken)
    {
        try
        {
            // The list as the store has it, not as the pod remembers it: read marks and roles move often.
            var memberships = await rooms.MembershipsOfAsync(username, cancellationToken);
            var byId = (await rooms.FindManyAsync([.. memberships.Select(m => m.RoomId)], cancellationToken)).ToDictionary(r => r.Id);
            return [.. memberships.Where(m => byId.ContainsKey(m.RoomId)).Select(m => new Access(byId[m.RoomId], m))];
        }
        catch (BackendUnavailableException away)
        {
            access.NoteFallback(away);
            var known = new List<Access>();
            foreach (var id in await access.RoomsOfAsync(username, cancellationToken))
            {
                if (await access.FindAsync(id, username, cancellationToken) is { } one)
                {
                    known.Add(one);
                }
            }

            return known;
        }
    }

    private async Task<UnreadCount> UnreadAsync(Access own, Message? newest, Message? newestSaved, CancellationToken cancellationToken)
    {
        // What was said before one came is not unread.
        var mark = own.Membership.ReadUpTo ?? new MessageCursor(own.Membership.JoinedAt, "");
        if (newest is null || !IsAfter(newest, mark))
        {
            return default;
        }

        var username = own.Membership.Username;
        var window = await recent.ReadAsync(own.Room.Id, cancellationToken);
        var proven = window is null ? [] : window.Messages.Skip(window.ContiguousFrom).ToList();
        if (proven.Count > 0 && !IsAfter(proven[0], mark))
        {
            return Count(proven.Where(m => IsAfter(m, mark)), username);
        }

        // Each message is counted by one of the two, whenever it is saved: the archive counts what comes before the first that Redis counts.
        var after = newestSaved is null || !IsAfter(newestSaved, mark) ? mark : MessageCursor.Of(newestSaved);
        var counted = proven.Count > 0 ? proven : [.. (window?.Messages ?? []).Where(m => IsAfter(m, after))];
        var before = counted.Count > 0 ? MessageCursor.Of(counted[0]) : (MessageCursor?)null;
        var saved = await TryAsync(async () => (UnreadCount?)await archive.CountUnreadAsync(own.Room.Id, username, mark, before, cancellationToken));
        if (saved is null && window is not null)
        {
            counted = [.. window.Messages.Where(m => IsAfter(m, mark))];
        }

        var recently = Count(counted, username);
        return new UnreadCount(
            Math.Min((saved?.Unread ?? 0) + recently.Unread, Limits.UnreadMax), Math.Min((saved?.Mentions ?? 0) + recently.Mentions, Limits.UnreadMax));
    }

    private static UnreadCount Count(IEnumerable<Message> messages, string username)
    {
        var others = messages.Where(m => m.Sender != username && m.DeletedAt is null).ToList();
        return new UnreadCount(others.Count, others.Count(m => m.Mentions.Contains(username) || m.Mentions.Contains("room")));
    }

    private static bool IsAfter(Message message, MessageCursor mark) =>
        message.Timestamp > mark.Timestamp || (message.Timestamp == mark.Timestamp && string.CompareOrdinal(message.Id, mark.Id) > 0);

    private static Message? Newer(Message? a, Message? b) =>
        a is null ? b : b is null ? a : a.Id == b.Id ? MessageMerge.Merge(a, b) : MessageMerge.Compare(a, b) >= 0 ? a : b;

    private async Task<T?> TryAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (BackendUnavailableException away)
        {
            access.NoteFallback(away);
            return default;
        }
    }
}
