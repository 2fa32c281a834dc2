using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Chat.Backends;
using Chat.Contracts;

namespace Chat.Api.Auth;

/// <summary>
/// Slows guessing without letting others lock somebody out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"):
/// <see cref="Limits.SignInFailures"/> failures lock a name for one client – its address, or its device cookie when it signed in
/// as that name before – for a time that doubles; many failures from everywhere slow a name down for clients without such a
/// cookie. Counted in Redis for all pods and in the pod for itself, so that it holds while Redis is away.
/// </summary>
public sealed class SignInThrottle(RedisGate redis, TimeProvider time)
{
    private const int NameFailures = 30;
    private const int PodEntries = 100_000;
    private static readonly TimeSpan FirstLock = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestLock = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan NameLock = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<string, Failures> _pod = new();

    /// <summary>How long to wait before trying again; null: now.</summary>
    public async Task<TimeSpan?> WaitAsync(string username, SignInClient client, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var own = Remaining(await ReadAsync(Key(username, client.Key), cancellationToken), Limits.SignInFailures, FirstLock, LongestLock, now);
        if (client.Trusted)
        {
            return own;
        }

        var name = Remaining(await ReadAsync(Key(username, ""), cancellationToken), NameFailures, NameLock, NameLock, now);
        return own is null || name > own ? name : own;
    }

    public async Task FailedAsync(string username, SignInClient client, CancellationToken cancellationToken)
    {
        await CountAsync(Key(username, client.Key), cancellationToken);
        if (!client.Trusted)
        {
            await CountAsync(Key(username, ""), cancellationToken);
        }
    }

    public async Task SucceededAsync(string username, SignInClient client, CancellationToken cancellationToken)
    {
        var key = Key(username, client.Key);
        _pod.TryRemove(key, out _);
        cancellationToken.ThrowIfCancellationRequested();
        await redis.TryRepairingAsync(db => db.KeyDeleteAsync(RedisKeys.SignIn(key)));
    }

    private static TimeSpan? Remaining(Failures failures, int allowed, TimeSpan first, TimeSpan longest, DateTimeOffset now)
    {
        if (failures.Count < allowed)
        {
            return null;
        }

        var doubled = first * Math.Pow(2, Math.Min(failures.Count - allowed, 10));
        var until = failures.LastAt + (doubled < longest ? doubled : longest);
        return until > now ? until - now : null;
    }

    private async Task CountAsync(string key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_pod.Count > PodEntries)
        {
            foreach (var (old, _) in _pod.Where(f => now - f.Value.LastAt > Forgotten || _pod.Count > PodEntries * 2))
            {
                _pod.TryRemove(old, out _);
            }
        }

        _pod.AddOrUpdate(
            key, _ => new Failures(1, now), (_, f) => now - f.LastAt > Forgotten ? new Failures(1, now) : new Failures(f.Count + 1, now));
        cancellationToken.ThrowIfCancellationRequested();
        await redis.TryRepairingAsync(async db =>
        {
            await db.HashIncrementAsync(RedisKeys.SignIn(key), "count");
            await db.HashSetAsync(RedisKeys.SignIn(key), "at", now.ToUnixTimeMilliseconds());
            return await db.KeyExpireAsync(RedisKeys.SignIn(key), Forgotten);
        }, Counter(key));
    }

    private async Task<Failures> ReadAsync(string key, CancellationToken cancellationToken)
    {
        var pod = _pod.TryGetValue(key, out var known) && time.GetUtcNow() - known.LastAt <= Forgotten ? known : default;
        cancellationToken.ThrowIfCancellationRequested();
        var (_, values) = await redis.TryRepairingAsync(db => db.HashGetAsync(RedisKeys.SignIn(key), ["count", "at"]), Counter(key));
        // Numbers that make no sense count as none: the pod's own still hold.
        var shared = values is [var count, var at] && count.TryParse(out int failures)
            && at.TryParse(out long ms) && ms >= 0 && ms <= time.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds()
            ? new Failures(failures, DateTimeOffset.FromUnixTimeMilliseconds(ms))
            : default;
        return shared.Count >= pod.Count ? shared : pod;
    }

    private static TypedKey Counter(string key) => new(RedisKeys.SignIn(key), "hash");

    private static string Key(string username, string client) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(username + "\0" + client)).AsSpan(0, 16));

    private readonly record struct Failures(int Count, DateTimeOffset LastAt);
}

/// <summary>Who tries to sign in. <c>Trusted</c>: a device that signed in under this name before.</summary>
public readonly record struct SignInClient(string Key, bool Trusted);
