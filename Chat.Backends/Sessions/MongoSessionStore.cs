using Chat.Backends.Database;
using MongoDB.Bson.Serialization.Attributes;
using MongoDB.Driver;

namespace Chat.Backends.Sessions;

/// <summary>
/// Collection <c>sessions</c>: the copy that survives a Redis which lost its data. What expired is removed by the way, some at a
/// time (no server-side expiry: not every MongoDB-compatible server has it).
/// </summary>
public sealed class MongoSessionStore(MongoGate gate, TimeProvider time) : ISessionStore
{
    /// <summary>The mark of an ended session that is not known here stays as long as sessions last.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(31);
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMinutes(10);
    private const int SweptAtOnce = 500;
    private const int MaxListed = 500;
    private static readonly FilterDefinitionBuilder<MongoSession> Where = Builders<MongoSession>.Filter;
    private long _nextSweep;

    public async Task SaveAsync(Session session, CancellationToken cancellationToken)
    {
        if (session.ExpiresAt <= time.GetUtcNow())
        {
            return;
        }

        await gate.CallAsync(
            async (c, token) =>
            {
                // An ended one does not match, so the upsert runs into its id: it stays ended.
                await UpsertAsync(
                    c,
                    Where.Eq(s => s.Id, session.Id) & Where.Exists(s => s.EndedAt, false),
                    Builders<MongoSession>.Update
                        .Set(s => s.Username, session.Username)
                        .Set(s => s.DisplayName, session.DisplayName)
                        .Set(s => s.SecurityStamp, session.SecurityStamp)
                        .Set(s => s.CreatedAt, session.CreatedAt.UtcDateTime)
                        .Set(s => s.LastSeenAt, session.LastSeenAt.UtcDateTime)
                        .Set(s => s.ExpiresAt, session.ExpiresAt.UtcDateTime)
                        .Set(s => s.Device, session.Device),
                    token);
                await SweepAsync(c, token);
                return true;
            },
            cancellationToken);
    }

    public Task<Session?> FindAsync(string sessionId, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) => await c.Sessions.Find(Where.Eq(s => s.Id, sessionId)).FirstOrDefaultAsync(token) is { } found
            && MongoTime.Utc(found.ExpiresAt) > time.GetUtcNow() ? found.ToSession() : null,
        cancellationToken);

    public Task<IReadOnlyList<Session>> ListAsync(string username, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyList<Session>>(
            async (c, token) =>
            {
                var found = await c.Sessions.Find(
                        Where.Eq(s => s.Username, username) & Where.Gt(s => s.ExpiresAt, time.GetUtcNow().UtcDateTime) & Where.Exists(s => s.EndedAt, false))
                    .Limit(MaxListed).ToListAsync(token);
                return [.. found.Select(s => s.ToSession()).OrderBy(s => s.CreatedAt).ThenBy(s => s.Id, StringComparer.Ordinal)];
            },
            cancellationToken);

    public Task EndAsync(string sessionId, string username, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return gate.CallAsync(
            async (c, token) =>
            {
                // Somebody else's does not match, nor one that ended: the upsert runs into its id, and nothing changes.
                await UpsertAsync(
                    c,
                    Where.Eq(s => s.Id, sessionId) & Where.Eq(s => s.Username, username) & Where.Exists(s => s.EndedAt, false),
                    Builders<MongoSession>.Update
                        .Set(s => s.EndedAt, now)
                        .SetOnInsert(s => s.DisplayName, "")
                        .SetOnInsert(s => s.SecurityStamp, "")
                        .SetOnInsert(s => s.CreatedAt, now)
                        .SetOnInsert(s => s.LastSeenAt, now)
                        .SetOnInsert(s => s.ExpiresAt, now + LongestLife),
                    token);
                return true;
            },
            cancellationToken);
    }

    private static async Task UpsertAsync(
        MongoCollections collections, FilterDefinition<MongoSession> filter, UpdateDefinition<MongoSession> update, CancellationToken token)
    {
        try
        {
            await collections.Sessions.UpdateOneAsync(filter, update, new UpdateOptions { IsUpsert = true }, token);
        }
        catch (MongoWriteException e) when (MongoInsert.IsDuplicate(e))
        {
            // As the callers say; or somebody inserted it this very moment, and then it matches now.
            await collections.Sessions.UpdateOneAsync(filter, update, new UpdateOptions { IsUpsert = false }, token);
        }
    }

    private async Task SweepAsync(MongoCollections collections, CancellationToken token)
    {
        var now = time.GetUtcNow();
        var due = Interlocked.Read(ref _nextSweep);
        if (now.UtcTicks < due || Interlocked.CompareExchange(ref _nextSweep, (now + BetweenSweeps).UtcTicks, due) != due)
        {
            return;
        }

        var expired = await collections.Sessions.Find(Where.Lt(s => s.ExpiresAt, now.UtcDateTime))
            .Limit(SweptAtOnce).Project(s => s.Id).ToListAsync(token);
        if (expired.Count > 0)
        {
            await collections.Sessions.DeleteManyAsync(Where.In(s => s.Id, expired), token);
        }
    }
}

/// <summary>A document of <c>sessions</c>.</summary>
[BsonIgnoreExtraElements]
public sealed class MongoSession
{
    [BsonId] public required string Id { get; init; }

    [BsonElement("username")] public required string Username { get; init; }

    [BsonElement("displayName")] public string DisplayName { get; init; } = "";

    [BsonElement("securityStamp")] public string SecurityStamp { get; init; } = "";

    [BsonElement("createdAt")] public DateTime CreatedAt { get; init; }

    [BsonElement("lastSeenAt")] public DateTime LastSeenAt { get; init; }

    [BsonElement("expiresAt")] public DateTime ExpiresAt { get; init; }

    [BsonElement("device"), BsonIgnoreIfNull] public string? Device { get; init; }

    [BsonElement("endedAt"), BsonIgnoreIfNull] public DateTime? EndedAt { get; init; }

    public Session ToSession() => new()
    {
        Id = Id,
        Username = Username,
        DisplayName = DisplayName,
        SecurityStamp = SecurityStamp,
        CreatedAt = MongoTime.Utc(CreatedAt),
        LastSeenAt = MongoTime.Utc(LastSeenAt),
        ExpiresAt = MongoTime.Utc(ExpiresAt),
        Device = Device,
        EndedAt = MongoTime.Utc(EndedAt),
    };
}
