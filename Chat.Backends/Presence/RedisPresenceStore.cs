using System.Globalization;

namespace Chat.Backends.Presence;

/// <summary>
/// A hash of pods: when by Redis' clock, and who. A pod's word counts for <see cref="Lifetime"/>, so it is to be renewed three
/// times as often (<see cref="RenewEvery"/>).
/// </summary>
public sealed class RedisPresenceStore(RedisGate gate) : IPresenceStore
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(45);

    public static readonly TimeSpan RenewEvery = Lifetime / 3;

    private static readonly TypedKey Key = new(RedisKeys.Presence, "hash");

    private const string Report = """
        local t = redis.call('TIME')
        redis.call('HSET', KEYS[1], ARGV[1], t[1] .. '\n' .. ARGV[2])
        redis.call('EXPIRE', KEYS[1], ARGV[3])
        return 1
        """;

    /// <summary>Answers the fresh values; stale ones go.</summary>
    private const string Online = """
        local t = redis.call('TIME')
        local pods = redis.call('HGETALL', KEYS[1])
        local fresh = {}
        for i = 1, #pods, 2 do
          local at = tonumber(string.match(pods[i + 1], '^%d+')) or 0
          if tonumber(t[1]) - at > tonumber(ARGV[1]) then
            redis.call('HDEL', KEYS[1], pods[i])
          else
            fresh[#fresh + 1] = pods[i + 1]
          end
        end
        return fresh
        """;

    public async ValueTask ReportAsync(string podId, IReadOnlyCollection<string> online, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await gate.TryRepairingAsync(
            d => d.ScriptEvaluateAsync(Report, [RedisKeys.Presence], [podId, string.Join('\n', online), Seconds(Lifetime * 2)]), Key);
    }

    public async ValueTask<IReadOnlySet<string>?> OnlineAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (done, answer) = await gate.TryRepairingAsync(
            d => d.ScriptEvaluateAsync(Online, [RedisKeys.Presence], [Seconds(Lifetime)]), Key);
        return done
            ? ((string[])answer!).SelectMany(pod => pod.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)).ToHashSet(StringComparer.Ordinal)
            : null;
    }

    public async ValueTask WithdrawAsync(string podId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await gate.TryRepairingAsync(d => d.HashDeleteAsync(RedisKeys.Presence, podId), Key);
    }

    private static string Seconds(TimeSpan time) => ((int)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
