using System.Collections.Concurrent;
using Chat.Backends.Archive;
using Chat.Backends.Availability;
using Chat.Backends.Files;
using Chat.Backends.Keys;
using Chat.Backends.Rooms;
using Chat.Backends.Sessions;
using Chat.Backends.Users;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.GridFS;

namespace Chat.Backends.Database;

/// <summary>Every collection and every index. Which query uses which is in docs/archive.md; creating one again is no error.</summary>
public sealed class MongoCollections(IMongoDatabase database)
{
    /// <summary>
    /// The batch size of queries about many rooms or people: more documents than there are, so that the first answer has all. The
    /// default of 101 would make the number of commands grow with them.
    /// </summary>
    internal const int OneBatch = 100_000;

    private readonly ConcurrentDictionary<string, bool> _messageIndexes = new(StringComparer.Ordinal);

    public IMongoCollection<MongoMessage> Messages { get; } = database.GetCollection<MongoMessage>("messages");

    public IMongoCollection<MongoUser> Users { get; } = database.GetCollection<MongoUser>("users");

    public IMongoCollection<MongoRoom> Rooms { get; } = database.GetCollection<MongoRoom>("rooms");

    public IMongoCollection<MongoMembership> Memberships { get; } = database.GetCollection<MongoMembership>("memberships");

    public IMongoCollection<MongoSession> Sessions { get; } = database.GetCollection<MongoSession>("sessions");

    public IMongoCollection<MongoKey> Keys { get; } = database.GetCollection<MongoKey>("keys");

    public IMongoCollection<MongoFile> Files { get; } = database.GetCollection<MongoFile>("attachments");

    /// <summary>The bytes of files: the collections <c>files.files</c> and <c>files.chunks</c>, whose indexes the bucket makes.</summary>
    public IGridFSBucket<ObjectId> Bucket { get; } = new GridFSBucket<ObjectId>(database, new GridFSBucketOptions { BucketName = "files" });

    internal IMongoCollection<MongoMilestones> Milestones { get; } = database.GetCollection<MongoMilestones>("milestones");

    internal IMongoCollection<BsonDocument> FileContents { get; } = database.GetCollection<BsonDocument>("files.files");

    internal IMongoCollection<BsonDocument> FileChunks { get; } = database.GetCollection<BsonDocument>("files.chunks");

    /// <summary>A room's order; also backwards.</summary>
    public static IndexKeysDefinition<MongoMessage> ByRoom { get; } =
        Builders<MongoMessage>.IndexKeys.Ascending(m => m.RoomId).Ascending(m => m.Timestamp).Ascending(m => m.Id);

    /// <summary>
    /// The index of <see cref="Messages"/> to name in a query; null while it is not known to be there, since the server refuses then.
    /// </summary>
    internal BsonValue? Hint(string index) => _messageIndexes.ContainsKey(index) ? new BsonString(index) : null;

    /// <summary>They may be gone: the database came back with other data.</summary>
    internal void ForgetIndexes() => _messageIndexes.Clear();

    /// <summary>Creates what is missing, however long that takes, and answers which indexes the server refuses and why.</summary>
    /// <exception cref="MongoException">The server did not answer, or takes no indexes at all now.</exception>
    internal async Task<IReadOnlyList<(string Name, Exception Error)>> CreateIndexesAsync(CancellationToken cancellationToken)
    {
        var refused = new List<(string Name, Exception Error)>();
        var messages = Builders<MongoMessage>.IndexKeys;
        await CreateAsync(
            Messages,
            [
                Named(ByRoom, "room_order"),
                Named(messages.Ascending(m => m.RoomId).Ascending("mentions").Ascending(m => m.Timestamp), "room_mentions"),
                Named(messages.Ascending(m => m.RoomId).Ascending("words").Descending(m => m.Timestamp).Descending(m => m.Id), "room_words"),
                Named(messages.Ascending(m => m.Sender).Ascending(m => m.Timestamp).Ascending(m => m.Id), "sender_order"),
                Named(messages.Ascending("pending.roomId"), "pending_room"),
            ],
            refused,
            cancellationToken);
        await CreateAsync(
            Milestones, [Named(Builders<MongoMilestones>.IndexKeys.Ascending(m => m.RoomId), "room")], refused, cancellationToken);
        var users = Builders<MongoUser>.IndexKeys;
        await CreateAsync(Users, [Named(users.Ascending("search").Ascending(u => u.Username), "search")], refused, cancellationToken);
        var rooms = Builders<MongoRoom>.IndexKeys;
        await CreateAsync(
            Rooms,
            [
                Named(rooms.Ascending(r => r.Kind).Ascending(r => r.Archived).Ascending(r => r.Id), "listed"),
                Named(rooms.Ascending(r => r.Kind).Ascending(r => r.Archived).Ascending("words").Ascending(r => r.Id), "listed_words"),
            ],
            refused,
            cancellationToken);
        var memberships = Builders<MongoMembership>.IndexKeys;
        await CreateAsync(
            Memberships,
            [
                Named(memberships.Ascending(m => m.RoomId).Ascending(m => m.Username), "room_members"),
                Named(memberships.Ascending(m => m.Username).Ascending(m => m.RoomId), "users_rooms"),
            ],
            refused,
            cancellationToken);
        var sessions = Builders<MongoSession>.IndexKeys;
        await CreateAsync(
            Sessions,
            [
                Named(sessions.Ascending(s => s.Username).Ascending(s => s.ExpiresAt), "users_sessions"),
                Named(sessions.Ascending(s => s.ExpiresAt), "expiry"),
            ],
            refused,
            cancellationToken);
        var files = Builders<MongoFile>.IndexKeys;
        await CreateAsync(
            Files,
            [
                Named(files.Ascending(f => f.MessageId), "message"),
                Named(files.Ascending(f => f.RoomId), "room"),
                Named(files.Ascending(f => f.Uploader), "uploader"),
                Named(files.Ascending(f => f.SweepAt), "sweep"),
            ],
            refused,
            cancellationToken);
        return refused;
    }

    /// <summary>One at a time: FerretDB 1.24 breaks down over several of which some are there.</summary>
    private async Task CreateAsync<T>(
        IMongoCollection<T> collection, CreateIndexModel<T>[] indexes, List<(string Name, Exception Error)> refused,
        CancellationToken cancellationToken)
    {
        foreach (var index in indexes)
        {
            try
            {
                await collection.Indexes.CreateOneAsync(index, cancellationToken: cancellationToken);
                if (typeof(T) == typeof(MongoMessage))
                {
                    _messageIndexes[index.Options.Name] = true;
                }
            }
            catch (MongoCommandException e) when (MongoErrors.Classify(e) == Verdict.Bug)
            {
                // Somebody made another index of that name, for example: slower, but no reason to do without the others.
                refused.Add((index.Options.Name, e));
            }
        }
    }

    private static CreateIndexModel<T> Named<T>(IndexKeysDefinition<T> keys, string name) =>
        new(keys, new CreateIndexOptions { Name = name });
}
