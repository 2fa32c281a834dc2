using Chat.Backends.Availability;
using Chat.Backends.Database;
using Chat.Backends.Rooms;
using MongoDB.Bson;
using MongoDB.Bson.Serialization.Attributes;
using MongoDB.Driver;

namespace Chat.Backends.Archive;

/// <summary>
/// A document of <c>milestones</c>: the <see cref="Milestones"/> of a room, or of the messages in it that mention somebody. Written with
/// every <see cref="Milestones.Step"/>th message, replaced only as it was read.
/// </summary>
[BsonIgnoreExtraElements]
internal sealed class MongoMilestones
{
    /// <summary>A document with this ID says that rooms from before there were milestones have theirs.</summary>
    private const string Complete = "*";
    private const int MaxRounds = 10;
    private const int RoomsAtOnce = 200;
    private static readonly FilterDefinitionBuilder<MongoMilestones> Where = Builders<MongoMilestones>.Filter;
    private static readonly FilterDefinitionBuilder<MongoMessage> Message = Builders<MongoMessage>.Filter;

    /// <summary>The room's ID, or <see cref="Mentions"/>.</summary>
    [BsonId] public required string Id { get; init; }

    [BsonElement("roomId"), BsonIgnoreIfNull] public string? RoomId { get; init; }

    /// <summary>Oldest first.</summary>
    [BsonElement("at")] public List<DateTime> At { get; init; } = [];

    /// <summary>How many messages, one number a time.</summary>
    [BsonElement("n")] public List<int> Counts { get; init; } = [];

    /// <summary>Raised by every write.</summary>
    [BsonElement("rev")] public long Revision { get; init; }

    /// <summary>The key of the messages in the room that mention a user, or the room. No room's ID has an <c>@</c>.</summary>
    public static string Mentions(string roomId, string name) => $"{roomId}@{name}";

    /// <summary>The milestones of the keys, in one query, and whether every room with messages has its own.</summary>
    public static async Task<(IReadOnlyDictionary<string, Milestones> ByKey, bool AreComplete)> ReadAsync(
        MongoCollections collections, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var found = await collections.Milestones
            .Find(Where.In(m => m.Id, keys.Append(Complete)), new FindOptions { BatchSize = MongoCollections.OneBatch })
            .ToListAsync(cancellationToken);
        return (found.ToDictionary(m => m.Id, m => m.ToMilestones(), StringComparer.Ordinal), found.Exists(m => m.Id == Complete));
    }

    /// <summary>
    /// Adds milestones: one query and one bulk of writes. What another process changed meanwhile is left as it is; then those are missing,
    /// which is no error.
    /// </summary>
    /// <exception cref="MongoException">They could not be written.</exception>
    public static async Task AddAsync(
        MongoCollections collections,
        IReadOnlyList<(string RoomId, string Key, Milestone Milestone)> due,
        int reach,
        CancellationToken cancellationToken)
    {
        var byKey = due.GroupBy(d => d.Key, StringComparer.Ordinal).ToList();
        var found = await collections.Milestones.Find(Where.In(m => m.Id, byKey.Select(g => g.Key))).ToListAsync(cancellationToken);
        var known = found.ToDictionary(m => m.Id, StringComparer.Ordinal);
        var writes = byKey.Select(g =>
        {
            var before = known.GetValueOrDefault(g.Key);
            var all = (before?.ToMilestones() ?? Milestones.None).List.Concat(g.Select(d => d.Milestone));
            return Write(g.Key, g.First().RoomId, Milestones.Of(all, reach), before?.Revision ?? 0);
        });
        await WriteAsync(collections, [.. writes], cancellationToken);
    }

    /// <summary>Sets the milestones of rooms whose messages were saved before there were any. Does nothing where that was done.</summary>
    public static async Task CompleteAsync(MongoCollections collections, int reach, CancellationToken cancellationToken)
    {
        if ((await ReadAsync(collections, [], cancellationToken)).AreComplete)
        {
            return;
        }

        var after = "";
        while (true)
        {
            var rooms = await collections.Rooms.Find(Builders<MongoRoom>.Filter.Gt(r => r.Id, after))
                .Sort(Builders<MongoRoom>.Sort.Ascending(r => r.Id)).Limit(RoomsAtOnce).Project(r => r.Id).ToListAsync(cancellationToken);
            foreach (var room in rooms)
            {
                var (all, ofRoom) = (Message.Eq(m => m.RoomId, room), Message.Eq("mentions", "room"));
                await CompleteAsync(collections, room, room, all, "room_order", reach, cancellationToken);
                await CompleteAsync(collections, room, Mentions(room, "room"), all & ofRoom, "room_mentions", reach, cancellationToken);
            }

            if (rooms.Count < RoomsAtOnce)
            {
                break;
            }

            after = rooms[^1];
        }

        await WriteAsync(collections, [new InsertOneModel<MongoMilestones>(new MongoMilestones { Id = Complete })], cancellationToken);
    }

    public static Task RemoveRoomAsync(MongoCollections collections, string roomId, CancellationToken cancellationToken) =>
        collections.Milestones.DeleteManyAsync(Where.Eq(m => m.RoomId, roomId), cancellationToken);

    private static async Task CompleteAsync(
        MongoCollections collections, string roomId, string key, FilterDefinition<MongoMessage> filter, string index, int reach,
        CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var before = await collections.Milestones.Find(Where.Eq(m => m.Id, key)).FirstOrDefaultAsync(cancellationToken);
            if (before?.ToMilestones().Before(reach) is not null)
            {
                return;
            }

            var found = await collections.Messages
                .Find(filter & Message.Gte(m => m.Timestamp, DateTime.UnixEpoch), new FindOptions { Hint = collections.Hint(index) })
                .Sort(Builders<MongoMessage>.Sort.Descending(m => m.Timestamp))
                .Limit(reach + Milestones.Step)
                .Project<BsonDocument>(new BsonDocument { ["_id"] = 0, ["timestamp"] = 1 })
                .ToListAsync(cancellationToken);
            if (found.Count == 0)
            {
                return;
            }

            var milestones = found.Chunk(Milestones.Step).Select(c => new Milestone(c[^1]["timestamp"].ToUniversalTime(), c.Length));
            var write = Write(key, roomId, Milestones.Of(milestones, reach), before?.Revision ?? 0);
            if (await WriteAsync(collections, [write], cancellationToken))
            {
                return;
            }
        }

        throw new ContentionException("Others kept writing the milestones of one room.");
    }

    private static WriteModel<MongoMilestones> Write(string key, string roomId, Milestones milestones, long revision)
    {
        var document = new MongoMilestones
        {
            Id = key,
            RoomId = roomId,
            At = [.. milestones.List.Select(m => m.At)],
            Counts = [.. milestones.List.Select(m => m.Count)],
            Revision = revision + 1,
        };
        return revision == 0
            ? new InsertOneModel<MongoMilestones>(document)
            : new ReplaceOneModel<MongoMilestones>(Where.Eq(m => m.Id, key) & Where.Eq(m => m.Revision, revision), document);
    }

    /// <summary>False when another process wrote some of them meanwhile.</summary>
    private static async Task<bool> WriteAsync(
        MongoCollections collections, IReadOnlyCollection<WriteModel<MongoMilestones>> writes, CancellationToken cancellationToken)
    {
        try
        {
            var result = await collections.Milestones.BulkWriteAsync(writes, new BulkWriteOptions { IsOrdered = false }, cancellationToken);
            return result.InsertedCount + result.MatchedCount == writes.Count;
        }
        catch (MongoBulkWriteException<MongoMilestones> e)
            when (e.WriteConcernError is null && e.WriteErrors.All(w => w.Category == ServerErrorCategory.DuplicateKey))
        {
            return false;
        }
    }

    private Milestones ToMilestones() =>
        new([.. At.Zip(Counts, (at, count) => new Milestone(DateTime.SpecifyKind(at, DateTimeKind.Utc), count)).OrderBy(m => m.At)]);
}
