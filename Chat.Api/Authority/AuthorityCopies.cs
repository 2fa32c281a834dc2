using System.Collections.Concurrent;
using System.Text.Json;
using Chat.Backends;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using StackExchange.Redis;

namespace Chat.Api.Authority;

/// <summary>
/// Copies in Redis of what the archive's database decides: users, and who belongs to which room. They are read only while that
/// database is unavailable, so that people known before can sign in, read and send. Best effort in both directions; never throws for
/// an unavailable server, and treats what it cannot read as no copy. A copy that had to go while Redis was unavailable is not read any
/// more, and goes as soon as Redis is back.
/// </summary>
public sealed partial class AuthorityCopies
{
    private const int MostUnremoved = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);
    private readonly RedisGate _redis;
    private readonly ILogger<AuthorityCopies> _logger;

    // Keys that are to be removed. Emptied when Redis is back; at most MostUnremoved.
    private readonly ConcurrentDictionary<string, bool> _unremoved = new(StringComparer.Ordinal);

    public AuthorityCopies(RedisGate redis, ILogger<AuthorityCopies> logger)
    {
        ArgumentNullException.ThrowIfNull(redis);
        (_redis, _logger) = (redis, logger);
        redis.Reopened += () => _ = RemoveMissedAsync();
    }

    // Another program may have written the copy: a null where a value belongs is an error here, not later where it is used.
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public Task SaveUserAsync(ChatUser user, CancellationToken cancellationToken) => SaveAsync(RedisKeys.UserCopy(user.Username), user, cancellationToken);

    public Task<ChatUser?> FindUserAsync(string username, CancellationToken cancellationToken) =>
        FindAsync<ChatUser>(RedisKeys.UserCopy(username), cancellationToken);

    public Task SaveAccessAsync(Room room, Membership membership, CancellationToken cancellationToken) =>
        SaveAsync(RedisKeys.AccessCopy(membership.Username, room.Id), new AccessCopy(room, membership), cancellationToken);

    public async Task<(Room Room, Membership Membership)?> FindAccessAsync(string roomId, string username, CancellationToken cancellationToken) =>
        await FindAsync<AccessCopy>(RedisKeys.AccessCopy(username, roomId), cancellationToken) is { } copy ? (copy.Room, copy.Membership) : null;

    public Task RemoveAccessAsync(string roomId, string username, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return RemoveAsync(RedisKeys.AccessCopy(username, roomId));
    }

    /// <summary>Somebody does not belong to the room any more: no copy may say so, whatever Redis does now. Does not throw.</summary>
    public Task RemoveMembershipAsync(string roomId, string username) => Task.WhenAll(
        RemoveAsync(RedisKeys.AccessCopy(username, roomId)), RemoveAsync(RedisKeys.RoomsCopy(username)));

    public Task SaveRoomsAsync(string username, IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        SaveAsync(RedisKeys.RoomsCopy(username), roomIds, cancellationToken);

    public Task<IReadOnlyCollection<string>?> FindRoomsAsync(string username, CancellationToken cancellationToken) =>
        FindAsync<IReadOnlyCollection<string>>(RedisKeys.RoomsCopy(username), cancellationToken);

    private async Task<bool> SaveAsync<T>(RedisKey key, T value, CancellationToken cancellationToken)
    {
        var saved = await TryAsync(
            key,
            (db, k) => db.StringSetAsync(k, JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web), Lifetime),
            cancellationToken);
        if (saved)
        {
            // What is there now is newer than what had to go.
            _unremoved.TryRemove(key!, out _);
        }

        return saved;
    }

    private async Task<T?> FindAsync<T>(RedisKey key, CancellationToken cancellationToken)
        where T : class
    {
        if (_unremoved.ContainsKey(key!))
        {
            return null;
        }

        var found = await TryAsync(key, (db, k) => db.StringGetAsync(k), cancellationToken);
        try
        {
            return found.IsNull ? null : JsonSerializer.Deserialize<T>((byte[])found!, Strict);
        }
        catch (JsonException e)
        {
            // An unreadable copy is as good as none.
            LogUnreadable(e);
            return null;
        }
    }

    private async Task RemoveAsync(RedisKey key)
    {
        // Noted before the try, so that a Redis that comes back meanwhile does not miss it.
        if (_unremoved.Count < MostUnremoved)
        {
            _unremoved[key!] = true;
        }

        // Removing works whatever the type of the key.
        if ((await _redis.TryRepairingAsync(db => db.KeyDeleteAsync(key))).Done)
        {
            _unremoved.TryRemove(key!, out _);
        }
    }

    private async Task RemoveMissedAsync()
    {
        foreach (var key in _unremoved.Keys)
        {
            await RemoveAsync(key);
        }
    }

    private async Task<T?> TryAsync<T>(RedisKey key, Func<IDatabase, RedisKey, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (await _redis.TryRepairingAsync(db => call(db, key), new TypedKey(key, "string"))).Result;
    }

    [LoggerMessage(1220, LogLevel.Warning, "A copy in Redis cannot be read")]
    private partial void LogUnreadable(Exception exception);

    private sealed record AccessCopy(Room Room, Membership Membership);
}
