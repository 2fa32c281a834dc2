using System.Text.RegularExpressions;
using Chat.Backends.Database;
using MongoDB.Bson;
using MongoDB.Bson.Serialization.Attributes;
using MongoDB.Driver;

namespace Chat.Backends.Users;

/// <summary>Collection <c>users</c>, by username.</summary>
public sealed class MongoUserDirectory(MongoGate gate) : IUserDirectory
{
    private static readonly FilterDefinitionBuilder<MongoUser> Where = Builders<MongoUser>.Filter;

    public Task<bool> CreateAsync(ChatUser user, CancellationToken cancellationToken) => gate.CallAsync(
        (c, token) => MongoInsert.TryAsync(c.Users, MongoUser.Of(user), token), cancellationToken);

    public Task<ChatUser?> FindAsync(string username, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) => (await c.Users.Find(Where.Eq(u => u.Username, username)).FirstOrDefaultAsync(token))?.ToUser(), cancellationToken);

    public Task<IReadOnlyList<ChatUser>> FindManyAsync(IReadOnlyCollection<string> usernames, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyList<ChatUser>>(
            async (c, token) => (await c.Users
                .Find(Where.In(u => u.Username, usernames), new FindOptions { BatchSize = MongoCollections.OneBatch })
                .ToListAsync(token)).ConvertAll(u => u.ToUser()),
            cancellationToken);

    public Task<bool> UpdateAsync(ChatUser user, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) =>
        {
            var replaced = await c.Users.ReplaceOneAsync(
                Where.Eq(u => u.Username, user.Username) & Where.Eq(u => u.Version, user.Version),
                MongoUser.Of(user with { Version = user.Version + 1 }),
                cancellationToken: token);
            return replaced.MatchedCount == 1;
        },
        cancellationToken);

    public Task<IReadOnlyList<ChatUser>> SearchAsync(string prefix, int limit, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyList<ChatUser>>(
            async (c, token) =>
            {
                // Whoever is deleted has no search words.
                var filter = Where.Regex("search", new BsonRegularExpression("^" + Regex.Escape(Search.Words.Fold(prefix))));
                var found = await c.Users.Find(filter, new FindOptions { MaxTime = gate.Timeout })
                    .Sort(Builders<MongoUser>.Sort.Ascending(u => u.Username)).Limit(limit).ToListAsync(token);
                return found.ConvertAll(u => u.ToUser());
            },
            cancellationToken);
}

/// <summary>A document of <c>users</c>.</summary>
[BsonIgnoreExtraElements]
public sealed class MongoUser
{
    [BsonId] public required string Username { get; init; }

    [BsonElement("displayName")] public required string DisplayName { get; init; }

    [BsonElement("passwordHash"), BsonIgnoreIfNull] public string? PasswordHash { get; init; }

    [BsonElement("securityStamp")] public required string SecurityStamp { get; init; }

    [BsonElement("createdAt")] public required DateTime CreatedAt { get; init; }

    [BsonElement("deletedAt"), BsonIgnoreIfNull] public DateTime? DeletedAt { get; init; }

    [BsonElement("version")] public long Version { get; init; }

    /// <summary>The username, and the words of the display name.</summary>
    [BsonElement("search"), BsonIgnoreIfNull] public List<string>? Search { get; init; }

    public static MongoUser Of(ChatUser user) => new()
    {
        Username = user.Username,
        DisplayName = user.DisplayName,
        PasswordHash = user.PasswordHash,
        SecurityStamp = user.SecurityStamp,
        CreatedAt = user.CreatedAt.UtcDateTime,
        DeletedAt = user.DeletedAt?.UtcDateTime,
        Version = user.Version,
        Search = user.DeletedAt is null ? [.. Backends.Search.Words.Of(user.DisplayName).Prepend(user.Username).Distinct(StringComparer.Ordinal)] : null,
    };

    public ChatUser ToUser() => new()
    {
        Username = Username,
        DisplayName = DisplayName,
        PasswordHash = PasswordHash,
        SecurityStamp = SecurityStamp,
        CreatedAt = MongoTime.Utc(CreatedAt),
        DeletedAt = MongoTime.Utc(DeletedAt),
        Version = Version,
    };
}
