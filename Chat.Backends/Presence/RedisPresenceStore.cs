using System.Globalization;
using StackExchange.Redis;

namespace Chat.Backends.Presence;

/// <summary>
/// A hash from pod to <c>{seconds} {version}\n{user}\n{user}…</c>, where the seconds are Redis' time of the last report. Pods of before
/// versions wrote no version and read what comes after the first line. A report counts for <see cref="Lifetime"/>, so it has to be
/// renewed three times as often (<see cref="RenewEvery"/>).
/// </summary>
public sealed class RedisPresenceStore(RedisGate gate) : IPresenceStore
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(45);

    public static readonly TimeSpan RenewEvery = Lifetime / 3;

    /// <summary>KEYS hash. ARGV 1 pod, 2 version, 3 seconds until the hash expires, 4 users. Answers 1.</summary>
    private const string Replace = """
        local t = redis.call('TIME')
        redis.call('HSET', KEYS[1], ARGV[1], t[1] .. ' ' .. ARGV[2] .. '\n' .. ARGV[4])
        redis.call('EXPIRE', KEYS[1], ARGV[3])
        return 1
        """;

    /// <summary>
    /// KEYS hash. ARGV 1 pod, 2 version before, 3 version after, 4 seconds until the hash expires, 5 how many went, then those who went
    /// and those who came. Answers 1, or 0 when the report has another version.
    /// </summary>
    private const string Change = """
        local value = redis.call('HGET', KEYS[1], ARGV[1])
        if not value or string.match(value, '^%d+ (%d+)') ~= ARGV[2] then
          return 0
        end
        local t = redis.call('TIME')
        local users = string.match(value, '\n(.*)$') or ''
        if #ARGV > 5 then
          local changed = {}
          for i = 6, #ARGV do
            changed[ARGV[i]] = true
          end
          local kept = {}
          for user in string.gmatch(users, '[^\n]+') do
            if not changed[user] then
              kept[#kept + 1] = user
            end
          end
          for i = 6 + tonumber(ARGV[5]), #ARGV do
            kept[#kept + 1] = ARGV[i]
          end
          users = table.concat(kept, '\n')
        end
        redis.call('HSET', KEYS[1], ARGV[1], t[1] .. ' ' .. ARGV[3] .. '\n' .. users)
        redis.call('EXPIRE', KEYS[1], ARGV[4])
        return 1
        """;

    /// <summary>
    /// KEYS hash. ARGV 1 seconds that a report counts, then pods and their versions that the caller knows. Removes stale reports. Answers
    /// pod, version and, after a line break, users, for each report; of a known version nothing after the version.
    /// </summary>
    private const string Read = """
        local t = redis.call('TIME')
        local known = {}
        for i = 2, #ARGV, 2 do
          known[ARGV[i]] = ARGV[i + 1]
        end
        local pods = redis.call('HGETALL', KEYS[1])
        local answer = {}
        for i = 1, #pods, 2 do
          local at, version = string.match(pods[i + 1], '^(%d+) ?(%d*)')
          if not at or tonumber(t[1]) - tonumber(at) > tonumber(ARGV[1]) then
            redis.call('HDEL', KEYS[1], pods[i])
          else
            answer[#answer + 1] = pods[i]
            answer[#answer + 1] = version
            if version ~= '' and known[pods[i]] == version then
              answer[#answer + 1] = ''
            else
              answer[#answer + 1] = string.match(pods[i + 1], '(\n.*)$') or '\n'
            end
          end
        end
        return answer
        """;

    private static readonly RedisKey[] Keys = [RedisKeys.Presence];

    private static readonly TypedKey Presence = new(RedisKeys.Presence, "hash");

    public async ValueTask<bool> ReplaceAsync(
        string podId, long version, IReadOnlyCollection<string> online, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (await gate.TryRepairingAsync(
            d => d.ScriptEvaluateAsync(Replace, Keys, [podId, Number(version), Seconds(Lifetime * 2), string.Join('\n', online)]), Presence)).Done;
    }

    public async ValueTask<bool> ChangeAsync(
        string podId,
        long from,
        long to,
        IReadOnlyCollection<string> came,
        IReadOnlyCollection<string> gone,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(came);
        ArgumentNullException.ThrowIfNull(gone);
        cancellationToken.ThrowIfCancellationRequested();
        RedisValue[] arguments =
        [
            podId, Number(from), Number(to), Seconds(Lifetime * 2), Number(gone.Count),
            .. gone.Select(u => (RedisValue)u), .. came.Select(u => (RedisValue)u),
        ];
        var (done, answer) = await gate.TryRepairingAsync(d => d.ScriptEvaluateAsync(Change, Keys, arguments), Presence);
        return done && (int)answer! == 1;
    }

    public async ValueTask<IReadOnlyList<PodPresence>?> ReadAsync(
        IReadOnlyDictionary<string, long> known, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(known);
        cancellationToken.ThrowIfCancellationRequested();
        RedisValue[] arguments = [Seconds(Lifetime), .. known.SelectMany(k => (RedisValue[])[k.Key, Number(k.Value)])];
        var (done, answer) = await gate.TryRepairingAsync(d => d.ScriptEvaluateAsync(Read, Keys, arguments), Presence);
        return done ? [.. ((string[])answer!).Chunk(3).Select(report => Parse(report[0], report[1], report[2]))] : null;
    }

    public async ValueTask WithdrawAsync(string podId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await gate.TryRepairingAsync(d => d.HashDeleteAsync(RedisKeys.Presence, podId), Presence);
    }

    private static PodPresence Parse(string pod, string version, string users) => new(
        pod,
        long.TryParse(version, CultureInfo.InvariantCulture, out var number) ? number : null,
        users.Length == 0 ? null : users.Split('\n', StringSplitOptions.RemoveEmptyEntries));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => Number((long)time.TotalSeconds);
}
