using Chat.Backends.Database;
using MongoDB.Bson.Serialization.Attributes;
using MongoDB.Driver;

namespace Chat.Backends.Keys;

/// <summary>Collection <c>keys</c>: a few documents, by name.</summary>
public sealed class MongoKeyStore(MongoGate gate) : IKeyStore
{
    /// <summary>A key a season; more would be a fault.</summary>
    private const int MaxKeys = 1_000;

    public Task<IReadOnlyList<StoredKey>> ReadAsync(CancellationToken cancellationToken) => gate.CallAsync<IReadOnlyList<StoredKey>>(
        async (c, token) => (await c.Keys.Find(Builders<MongoKey>.Filter.Empty).Limit(MaxKeys).ToListAsync(token)).ConvertAll(k => new StoredKey(k.Name, k.Xml)),
        cancellationToken);

    public Task AddAsync(StoredKey key, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) => await MongoInsert.TryAsync(c.Keys, new MongoKey { Name = key.Name, Xml = key.Xml }, token), cancellationToken);
}

[BsonIgnoreExtraElements]
public sealed class MongoKey
{
    [BsonId] public required string Name { get; init; }

    [BsonElement("xml")] public required string Xml { get; init; }
}
