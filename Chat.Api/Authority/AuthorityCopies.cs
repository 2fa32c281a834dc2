using System.Text.Json;
using Chat.Backends;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using StackExchange.Redis;

namespace Chat.Api.Authority;

/// <summary>
/// Copies in Redis of what the archive's database decides: users, and who belongs to which room. They are read only while that
/// database is away, so that people known before can sign in, read and send. Best effort in both directions; never throws for
/// an absent server, and treats what it cannot read as no copy.
/// </summary>
public sealed class AuthorityCopies(RedisGate redis)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

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

    public Task RemoveAccessAsync(string roomId, string username, CancellationToken cancellationToken) =>
        TryAsync(RedisKeys.AccessCopy(username, roomId), (db, key) => db.KeyDeleteAsync(key), cancellationToken);

    public Task SaveRoomsAsync(string username, IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        SaveAsync(RedisKeys.RoomsCopy(username), roomIds, cancellationToken);

    public Task<IReadOnlyCollection<string>?> FindRoomsAsync(string username, CancellationToken cancellationToken) =>
        FindAsync<IReadOnlyCollection<string>>(RedisKeys.RoomsCopy(username), cancellationToken);

    private Task<bool> SaveAsync<T>(RedisKey key, T value, CancellationToken cancellationToken) =>
        TryAsync(
            key,
            (db, k) => db.StringSetAsync(k, JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web), Lifetime),
            cancellationToken);

    private async Task<T?> FindAsync<T>(RedisKey key, CancellationToken cancellationToken)
        where T : class
    {
        var found = await TryAsync(key, (db, k) => db.StringGetAsync(k), cancellationToken);
        try
        {
            return found.IsNull ? null : JsonSerializer.Deserialize<T>((byte[])found!, Strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<T?> TryAsync<T>(RedisKey key, Func<IDatabase, RedisKey, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (await redis.TryRepairingAsync(db => call(db, key), new TypedKey(key, "string"))).Result;
    }

    private sealed record AccessCopy(Room Room, Membership Membership);
}
