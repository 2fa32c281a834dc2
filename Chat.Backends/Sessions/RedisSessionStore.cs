using System.Text.Json;
using StackExchange.Redis;

namespace Chat.Backends.Sessions;

/// <summary>
/// <c>session:{sessionId}</c> as JSON until it expires, and a sorted set of each user's sessions. An ended session's mark stays
/// as long; of a session that is not known here, as long as sessions last.
/// </summary>
public sealed class RedisSessionStore(RedisGate gate, TimeProvider time) : ISessionStore
{
    private const string Backend = "cache";
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(31);

    /// <summary>KEYS session. ARGV 1 JSON, 2 ms to live. A mark stays: quotes inside JSON strings are escaped, so the name is found only as a name.</summary>
    private const string Save = """
        local existing = redis.call('GET', KEYS[1])
        if existing and string.find(existing, '"endedAt":', 1, true) then
          return 0
        end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 1
        """;

    public async Task SaveAsync(Session session, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var left = session.ExpiresAt - time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        await CallAsync(async d =>
        {
            // The index first: a name in it without a session does no harm, the reverse would hide a session from its user.
            var index = RedisKeys.SessionsOf(session.Username);
            await Task.WhenAll(
                d.SortedSetAddAsync(index, session.Id, session.ExpiresAt.ToUnixTimeMilliseconds()),
                d.KeyExpireAsync(index, LongestLife),
                d.ScriptEvaluateAsync(Save, [RedisKeys.Session(session.Id)], [Write(session), (long)Math.Ceiling(left.TotalMilliseconds)]));
            return true;
        }, Key(session.Id), Index(session.Username));
    }

    public async Task<Session?> FindAsync(string sessionId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var session = Read(await CallAsync(d => d.StringGetAsync(RedisKeys.Session(sessionId)), Key(sessionId)));
        return session is not null && session.ExpiresAt > time.GetUtcNow() ? session : null;
    }

    public async Task<IReadOnlyList<Session>> ListAsync(string username, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow();
        var sessions = await CallAsync(async d =>
        {
            var index = RedisKeys.SessionsOf(username);
            var forget = d.SortedSetRemoveRangeByScoreAsync(index, double.NegativeInfinity, now.ToUnixTimeMilliseconds());
            var ids = await d.SortedSetRangeByRankAsync(index);
            await forget;
            // One by one: in a cluster they are in different slots.
            return await Task.WhenAll(ids.Select(id => GetAsync(d, (string)id!)));
        }, Index(username));
        return [.. sessions.Select(Read).OfType<Session>()
            .Where(s => s.Username == username && s.EndedAt is null && s.ExpiresAt > now)
            .OrderBy(s => s.CreatedAt).ThenBy(s => s.Id, StringComparer.Ordinal)];
    }

    public async Task EndAsync(string sessionId, string username, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow();
        await CallAsync(async d =>
        {
            var key = RedisKeys.Session(sessionId);
            var session = Read(await d.StringGetAsync(key));
            if (session is not null && session.Username != username)
            {
                // Somebody else's: the caller has no say in it.
                return false;
            }

            if (session?.EndedAt is null)
            {
                var mark = session is null
                    ? new Session
                    {
                        Id = sessionId,
                        Username = username,
                        DisplayName = "",
                        SecurityStamp = "",
                        CreatedAt = now,
                        LastSeenAt = now,
                        ExpiresAt = now + LongestLife,
                        EndedAt = now,
                    }
                    : session with { EndedAt = now };
                await d.StringSetAsync(key, Write(mark), mark.ExpiresAt > now ? mark.ExpiresAt - now : TimeSpan.FromMinutes(1));
            }

            await d.SortedSetRemoveAsync(RedisKeys.SessionsOf(username), sessionId);
            return true;
        }, Key(sessionId), Index(username));
    }

    /// <summary>Null for a key of a wrong type, too: one damaged session does not hide the others.</summary>
    private static async Task<RedisValue> GetAsync(IDatabase database, string sessionId)
    {
        try
        {
            return await database.StringGetAsync(RedisKeys.Session(sessionId));
        }
        catch (RedisServerException e) when (!RedisGate.IsAway(e))
        {
            RedisMetrics.Unreadable.Add(1);
            return RedisValue.Null;
        }
    }

    private static TypedKey Key(string sessionId) => new(RedisKeys.Session(sessionId), "string");

    private static TypedKey Index(string username) => new(RedisKeys.SessionsOf(username), "zset");

    private async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call, params TypedKey[] keys)
    {
        var (done, result) = await gate.TryRepairingAsync(call, keys);
        return done ? result! : throw new BackendUnavailableException(Backend);
    }

    private static string Write(Session session) => JsonSerializer.Serialize(session, SessionJson.Default.Session);

    private static Session? Read(RedisValue json)
    {
        try
        {
            return json.IsNullOrEmpty ? null : JsonSerializer.Deserialize((string)json!, SessionJson.Default.Session);
        }
        catch (JsonException)
        {
            RedisMetrics.Unreadable.Add(1);
            return null;
        }
    }
}
