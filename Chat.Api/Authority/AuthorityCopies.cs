using System.Text.Json;
using Chat.Backends;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using StackExchange.Redis;

namespace Chat.Api.Authority;

/// <summary>
/// Copies in Redis of what the archive's database decides: users, and who belongs to which room. They are read only while that
/// database is away, so that people known before can sign in, read and send. Best effort in both directions; never throws for
/// an absent server.
/// </summary>
public sealed class AuthorityCopies(RedisGate redis)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public Task SaveUserAsync(ChatUser user, CancellationToken cancellationToken) => SaveAsync(RedisKeys.UserCopy(user.Username), user, cancellationToken);

    public Task<ChatUser?> FindUserAsync(string username, CancellationToken cancellationToken) =>
        FindAsync<ChatUser>(RedisKeys.UserCopy(username), cancellationToken);

    public Task SaveAccessAsync(Room room, Membership membership, CancellationToken cancellationToken) =>
        SaveAsync(RedisKeys.AccessCopy(membership.Username, room.Id), new AccessCopy(room, membership), cancellationToken);

    public async Task<(Room Room, Membership Membership)?> FindAccessAsync(string roomId, string username, CancellationToken cancellationToken) =>
        await FindAsync<AccessCopy>(RedisKeys.AccessCopy(username, roomId), cancellationToken) is { } copy ? (copy.Room, copy.Membership) : null;

    public Task RemoveAccessAsync(string roomId, string username, CancellationToken cancellationToken) =>
        TryAsync(db => db.KeyDeleteAsync(RedisKeys.AccessCopy(username, roomId)), cancellationToken);

    public Task SaveRoomsAsync(string username, IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        SaveAsync(RedisKeys.RoomsCopy(username), roomIds, cancellationToken);

    public Task<IReadOnlyCollection<string>?> FindRoomsAsync(string username, CancellationToken cancellationToken) =>
        FindAsync<IReadOnlyCollection<string>>(RedisKeys.RoomsCopy(username), cancellationToken);

    private Task<bool> SaveAsync<T>(RedisKey key, T value, CancellationToken cancellationToken) =>
        TryAsync(db => db.StringSetAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web), Lifetime), cancellationToken);

    private async Task<T?> FindAsync<T>(RedisKey key, CancellationToken cancellationToken)
        where T : class
    {
        var found = await TryAsync(db => db.StringGetAsync(key), cancellationToken);
        return found.IsNull ? null : JsonSerializer.Deserialize<T>((byte[])found!, JsonSerializerOptions.Web);
    }

    private async Task<T?> TryAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (await redis.TryAsync(call)).Result;
    }

    private sealed record AccessCopy(Room Room, Membership Membership);
}
