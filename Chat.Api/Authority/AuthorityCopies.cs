using System.Text.Json;
using Chat.Backends;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using Chat.ServiceDefaults;
using StackExchange.Redis;

namespace Chat.Api.Authority;

/// <summary>
/// Copies in Redis of what the archive's database decides: users, and who belongs to which room. They are read only while that
/// database is away, so that people known before can sign in, read and send. Best effort in both directions; never throws for
/// an absent server. Keys: <c>copy:user:{username}</c>, <c>copy:access:{username}:{roomId}</c>, <c>copy:rooms:{username}</c>.
/// </summary>
public sealed partial class AuthorityCopies(RedisConnection redis, ILogger<AuthorityCopies> logger)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.copies.failures");

    public Task SaveUserAsync(ChatUser user, CancellationToken cancellationToken) => SaveAsync(UserKey(user.Username), user, cancellationToken);

    public Task<ChatUser?> FindUserAsync(string username, CancellationToken cancellationToken) =>
        FindAsync<ChatUser>(UserKey(username), cancellationToken);

    public Task SaveAccessAsync(Room room, Membership membership, CancellationToken cancellationToken) =>
        SaveAsync(AccessKey(room.Id, membership.Username), new AccessCopy(room, membership), cancellationToken);

    public async Task<(Room Room, Membership Membership)?> FindAccessAsync(string roomId, string username, CancellationToken cancellationToken) =>
        await FindAsync<AccessCopy>(AccessKey(roomId, username), cancellationToken) is { } copy ? (copy.Room, copy.Membership) : null;

    public Task RemoveAccessAsync(string roomId, string username, CancellationToken cancellationToken) =>
        TryAsync(async db => await db.KeyDeleteAsync(AccessKey(roomId, username)), cancellationToken);

    public Task SaveRoomsAsync(string username, IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        SaveAsync(RoomsKey(username), roomIds, cancellationToken);

    public Task<IReadOnlyCollection<string>?> FindRoomsAsync(string username, CancellationToken cancellationToken) =>
        FindAsync<IReadOnlyCollection<string>>(RoomsKey(username), cancellationToken);

    private Task SaveAsync<T>(RedisKey key, T value, CancellationToken cancellationToken) => TryAsync(
        async db => await db.StringSetAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web), Lifetime), cancellationToken);

    private async Task<T?> FindAsync<T>(RedisKey key, CancellationToken cancellationToken)
        where T : class
    {
        var found = RedisValue.Null;
        await TryAsync(async db => found = await db.StringGetAsync(key), cancellationToken);
        return found.IsNull ? null : JsonSerializer.Deserialize<T>((byte[])found!, JsonSerializerOptions.Web);
    }

    private async Task TryAsync(Func<IDatabase, Task> call, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync().WaitAsync(Timeout, cancellationToken);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            Failures.Add(1);
            LogFailed(e.GetType().Name);
        }

        async Task CallAsync() => await call((await redis.ClientAsync()).GetDatabase());
    }

    private static RedisKey UserKey(string username) => $"copy:user:{username}";

    private static RedisKey AccessKey(string roomId, string username) => $"copy:access:{username}:{roomId}";

    private static RedisKey RoomsKey(string username) => $"copy:rooms:{username}";

    [LoggerMessage(1100, LogLevel.Debug, "A copy in Redis could not be read or written: {Reason}")]
    private partial void LogFailed(string reason);

    private sealed record AccessCopy(Room Room, Membership Membership);
}
