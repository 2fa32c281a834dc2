using Chat.Backends.Database;
using Chat.Contracts;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Archive;

/// <summary>
/// What a list of rooms shows: one query for all rooms, of each a range of the index. A range begins where the milestones say, so that it
/// has an end even for somebody who has not read for a year. The few rooms where that is not enough are counted one by one.
/// </summary>
public sealed partial class MongoMessageArchive
{
    private const string Everybody = "room";

    /// <summary>Rooms that one call counts one by one at most, and at the same time.</summary>
    private const int Single = 8;

    /// <summary>As a document: the driver's translation of an expression adds a projection that not every server evaluates.</summary>
    private static readonly ProjectionDefinition<MongoMessage, BsonDocument> CountByRoom =
        new BsonDocument { ["_id"] = "$roomId", ["count"] = new BsonDocument("$sum", 1) };

    private static readonly ProjectionDefinition<MongoMessage, BsonDocument> PlaceOnly =
        new BsonDocument { ["_id"] = 1, ["roomId"] = 1, ["timestamp"] = 1 };

    public async Task<IReadOnlyDictionary<string, Message>> ReadNewestAsync(
        IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken)
    {
        var rooms = roomIds.ToHashSet(StringComparer.Ordinal);
        if (rooms.Count == 0)
        {
            return new Dictionary<string, Message>();
        }

        var (newest, uncertain) = await gate.CallAsync((c, token) => ReadNewestAsync(c, rooms, token), cancellationToken);
        foreach (var some in uncertain.Chunk(Single))
        {
            var found = await Task.WhenAll(some.Select(room => ReadAsync(room, null, null, 1, cancellationToken)));
            foreach (var message in found.SelectMany(m => m))
            {
                newest[message.RoomId] = message;
            }
        }

        return newest;
    }

    public async Task<IReadOnlyDictionary<string, UnreadCount>> CountUnreadAsync(
        string username, IReadOnlyCollection<UnreadRange> ranges, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        return ranges.Count == 0
            ? new Dictionary<string, UnreadCount>()
            : await gate.CallAsync((c, token) => CountUnreadAsync(c, username, ranges, token), cancellationToken);
    }

    /// <summary>
    /// The newest messages, and the rooms of which it is not certain: those without milestones from before there were any, and those whose
    /// newest message got an earlier time after it was counted.
    /// </summary>
    private async Task<(Dictionary<string, Message> Newest, List<string> Uncertain)> ReadNewestAsync(
        MongoCollections collections, HashSet<string> rooms, CancellationToken token)
    {
        var (milestones, areComplete) = await MongoMilestones.ReadAsync(collections, rooms, token);
        var asked = rooms.Where(r => areComplete || milestones.ContainsKey(r)).ToList();
        var newest = new Dictionary<string, Message>(StringComparer.Ordinal);
        if (asked.Count > 0)
        {
            // Places alone at first: of each room some dozens.
            var places = await collections.Messages
                .Find(
                    Where.Or(asked.Select(r => Where.Eq(m => m.RoomId, r) & Where.Gte(m => m.Timestamp, End(r)))),
                    new FindOptions
                    {
                        Hint = collections.Hint("room_order"),
                        MaxTime = gate.Timeout,
                        BatchSize = MongoCollections.OneBatch,
                    })
                .Project(PlaceOnly).ToListAsync(token);
            var ids = places.GroupBy(p => p["roomId"].AsString, StringComparer.Ordinal)
                .Select(room => room
                    .OrderBy(p => p["timestamp"].AsBsonDateTime.MillisecondsSinceEpoch)
                    .ThenBy(p => p["_id"].AsString, StringComparer.Ordinal)
                    .Last()["_id"].AsString);
            var found = await collections.Messages
                .Find(Where.In(m => m.Id, ids), new FindOptions { BatchSize = MongoCollections.OneBatch }).ToListAsync(token);
            foreach (var message in found.Select(m => m.ToMessage()).OfType<Message>())
            {
                newest[message.RoomId] = message;
            }
        }

        return (newest, [.. rooms.Where(r => !newest.ContainsKey(r) && (milestones.ContainsKey(r) || !areComplete))]);

        DateTime End(string room) => milestones.GetValueOrDefault(room)?.Newest ?? Beginning;
    }

    private async Task<IReadOnlyDictionary<string, UnreadCount>> CountUnreadAsync(
        MongoCollections collections, string username, IReadOnlyCollection<UnreadRange> ranges, CancellationToken token)
    {
        var (milestones, areComplete) = await MongoMilestones.ReadAsync(
            collections,
            ranges.SelectMany(r => MentionKeys(r).Prepend(r.RoomId)),
            token);
        // Of mentions from before there were milestones nothing is known: few messages have them.
        var unread = CountAsync(
            new UnreadQuery(collections, "room_order", Where.Empty, username),
            [.. ranges.Select(r => new CutRange(r, Start(r.RoomId), areComplete))],
            token);
        var mentioned = CountAsync(
            new UnreadQuery(collections, "room_mentions", Where.AnyIn("mentions", [username, Everybody]), username),
            [.. ranges.Select(r => new CutRange(r, Start(MentionKeys(r)), IsKnown: true))],
            token);
        await Task.WhenAll(unread, mentioned);
        var (all, mentions) = (await unread, await mentioned);
        return ranges.Select(r => r.RoomId).ToDictionary(
            room => room, room => new UnreadCount(all.GetValueOrDefault(room), mentions.GetValueOrDefault(room)), StringComparer.Ordinal);

        string[] MentionKeys(UnreadRange range) =>
            [MongoMilestones.Mentions(range.RoomId, username), MongoMilestones.Mentions(range.RoomId, Everybody)];

        DateTime? Start(params string[] keys) => keys.Select(key => milestones.GetValueOrDefault(key)?.Before(gate.UnreadScan)).Max();
    }

    /// <summary>
    /// One query for the newest part of all ranges. The older part of a range counts only where the newest has fewer messages than are
    /// counted at most: nearly all of its messages were deleted then, or are the user's own. That is looked at for few rooms a call, and
    /// not to its end. Rooms of which nothing is known are counted one by one.
    /// </summary>
    private async Task<Dictionary<string, int>> CountAsync(UnreadQuery query, IReadOnlyList<CutRange> ranges, CancellationToken token)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var together = ranges.Where(r => r.IsKnown || r.Start is not null).ToList();
        if (together.Count > 0)
        {
            var counted = await Aggregate(query)
                .Match(Where.Or(together.Select(r => query.In(r.Range.RoomId, r.Range.Before, r.NewestFrom) & query.Others)))
                .Group(CountByRoom)
                .ToListAsync(token);
            foreach (var room in counted)
            {
                counts[room["_id"].AsString] = Math.Min(room["count"].ToInt32(), Limits.UnreadMax);
            }
        }

        var tooFew = together.Where(r => r.IsCut && counts.GetValueOrDefault(r.Range.RoomId) < Limits.UnreadMax).Take(Single);
        foreach (var some in tooFew.Concat(ranges.Except(together)).Chunk(Single))
        {
            foreach (var (room, count) in await Task.WhenAll(some.Select(r => CountOlderAsync(query, r, token))))
            {
                counts[room] = Math.Min(counts.GetValueOrDefault(room) + count, Limits.UnreadMax);
            }
        }

        return counts;
    }

    private async Task<(string RoomId, int Count)> CountOlderAsync(UnreadQuery query, CutRange range, CancellationToken token)
    {
        var counted = await Aggregate(query)
            .Match(query.In(range.Range.RoomId, range.OlderBefore, range.Range.After)).Limit(gate.UnreadScan)
            .Match(query.Others).Limit(Limits.UnreadMax).Count()
            .FirstOrDefaultAsync(token);
        return (range.Range.RoomId, (int)(counted?.Count ?? 0));
    }

    private IAggregateFluent<MongoMessage> Aggregate(UnreadQuery query) =>
        query.Collections.Messages.Aggregate(new AggregateOptions
        {
            Hint = query.Collections.Hint(query.Index),
            MaxTime = gate.Timeout,
            BatchSize = MongoCollections.OneBatch,
        });

    /// <summary>Messages that the index selects, and of those the ones that may be unread for the user.</summary>
    private sealed record UnreadQuery(MongoCollections Collections, string Index, FilterDefinition<MongoMessage> Indexed, string Username)
    {
        public FilterDefinition<MongoMessage> Others => Where.Ne(m => m.Sender, Username) & Where.Exists(m => m.DeletedAt, false);

        public FilterDefinition<MongoMessage> In(string roomId, MessageCursor? before, MessageCursor? after) =>
            Where.Eq(m => m.RoomId, roomId) & Indexed & Between(before, after);
    }

    /// <summary>
    /// A range, and where the room's newest part begins; null where there are fewer messages than that, if it <c>IsKnown</c>.
    /// </summary>
    private sealed record CutRange(UnreadRange Range, DateTime? Start, bool IsKnown)
    {
        private MessageCursor? Cut => Start is { } at ? new MessageCursor(MongoTime.Utc(at), "") : null;

        /// <summary>Whether the range begins before its newest part.</summary>
        public bool IsCut => Cut is { } cut && (Range.After is not { } after || after.Timestamp < cut.Timestamp);

        public MessageCursor? NewestFrom => IsCut ? Cut : Range.After;

        public MessageCursor? OlderBefore => IsCut && !(Range.Before?.Timestamp < Cut!.Value.Timestamp) ? Cut : Range.Before;
    }
}
