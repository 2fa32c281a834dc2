using Chat.Api.Presence;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Recent;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>
/// Rooms as one of their members sees them. Nothing is counted in advance: counts come from Redis and the archive together, in a
/// number of queries that does not depend on the number of rooms (docs/decisions/0016-room-list.md). Redis knows what is not saved
/// yet, the archive what Redis trimmed. While the archive is unavailable, counts are those of the recent messages.
/// </summary>
internal sealed class RoomSummaries(
    IRoomStore rooms, RoomAccess access, IRecentMessages recent, IMessageArchive archive, IUserDirectory users, Online online)
{
    /// <summary>All rooms of the user.</summary>
    public async Task<IReadOnlyList<RoomSummary>> OfAsync(string username, CancellationToken cancellationToken)
    {
        var own = await AccessesAsync(username, cancellationToken);
        var counting = TryAsync(() => rooms.CountMembersAsync([.. own.Select(a => a.Room.Id)], cancellationToken));
        var naming = PeopleAsync(own.Select(a => a.Room), cancellationToken);
        var news = await NewsAsync(username, own, cancellationToken);
        var counts = await counting;
        var people = await naming;
        return
        [
            .. own.Select(a => WithNews(
                Named(Summary(a.Room, a.Membership, counts?.GetValueOrDefault(a.Room.Id) ?? 0, username), people), news[a.Room.Id])),
        ];
    }

    /// <summary>One room, which the user need not belong to.</summary>
    public async Task<RoomSummary> OneAsync(Room room, string username, CancellationToken cancellationToken)
    {
        var membership = (await access.FindAsync(room.Id, username, cancellationToken))?.Membership;
        var counts = await TryAsync(() => rooms.CountMembersAsync([room.Id], cancellationToken));
        var people = await PeopleAsync([room], cancellationToken);
        var summary = Named(Summary(room, membership, counts?.GetValueOrDefault(room.Id) ?? 0, username), people);
        return membership is null
            ? summary
            : WithNews(summary, (await NewsAsync(username, [new Access(room, membership)], cancellationToken))[room.Id]);
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

    private static RoomSummary WithNews(RoomSummary summary, News news) =>
        summary with { LastMessage = news.Newest, Unread = news.Unread.Unread, Mentions = news.Unread.Mentions };

    /// <summary>Everybody of the direct rooms among these; null while nobody can say.</summary>
    private async Task<IReadOnlyDictionary<string, UserInfo>?> PeopleAsync(IEnumerable<Room> some, CancellationToken cancellationToken)
    {
        string[] names = [.. some.SelectMany(r => r.DirectMembers ?? []).Distinct(StringComparer.Ordinal)];
        return names.Length == 0
            ? new Dictionary<string, UserInfo>()
            : (await TryAsync(() => users.FindManyAsync(names, cancellationToken)))?
                .Select(u => new UserInfo(u.Username, u.DisplayName, online.IsOnline(u.Username)))
                .ToDictionary(u => u.Username, StringComparer.Ordinal);
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
            var ids = await access.RoomsOfAsync(username, cancellationToken);
            var known = await Task.WhenAll(ids.Select(id => access.FindAsync(id, username, cancellationToken).AsTask()));
            return [.. known.OfType<Access>()];
        }
    }

    /// <summary>
    /// What each of the rooms has to tell: two round trips to Redis at most, and of the archive the newest messages and one count for all
    /// rooms. Most rooms have nothing unread, or all of it in Redis; then the count is not asked for.
    /// </summary>
    private async Task<IReadOnlyDictionary<string, News>> NewsAsync(
        string username, IReadOnlyList<Access> own, CancellationToken cancellationToken)
    {
        string[] ids = [.. own.Select(a => a.Room.Id)];
        var recently = recent.ReadNewestAsync(ids, cancellationToken);
        var saved = await TryAsync(() => archive.ReadNewestAsync(ids, cancellationToken));
        var inRedis = await recently;
        var parts = own.Select(a =>
        {
            var newestSaved = saved?.GetValueOrDefault(a.Room.Id);
            return new UnreadParts(username, a, Newer(newestSaved, inRedis?.GetValueOrDefault(a.Room.Id)), newestSaved);
        }).ToList();
        var unread = parts.Where(p => p.HasUnread).ToList();
        if (unread.Count == 0)
        {
            return parts.ToDictionary(p => p.RoomId, p => new News(p.Newest, default), StringComparer.Ordinal);
        }

        var marks = unread.ToDictionary(p => p.RoomId, p => p.Mark.Timestamp, StringComparer.Ordinal);
        var windows = await recent.ReadSinceAsync(marks, cancellationToken);
        foreach (var part in unread)
        {
            part.Split(windows?.GetValueOrDefault(part.RoomId));
        }

        UnreadRange[] ranges = [.. unread.Select(p => p.InArchive).OfType<UnreadRange>()];
        var counted = ranges.Length == 0
            ? new Dictionary<string, UnreadCount>()
            : await TryAsync(() => archive.CountUnreadAsync(username, ranges, cancellationToken));
        return parts.ToDictionary(p => p.RoomId, p => new News(p.Newest, p.Count(counted)), StringComparer.Ordinal);
    }

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

    private readonly record struct News(Message? Newest, UnreadCount Unread);
}
