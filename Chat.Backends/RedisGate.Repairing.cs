using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>What a call expects of a key; <c>Type</c> as the command TYPE names it (<c>string</c>, <c>hash</c>, <c>zset</c>).</summary>
public readonly record struct TypedKey(RedisKey Key, string Type);

/// <summary>Calls whose keys another program may have damaged.</summary>
public sealed partial class RedisGate
{
    /// <summary>KEYS key. ARGV its right type. Answers 1 when it was of another and is removed, else 0.</summary>
    private const string RemoveWrongType = """
        local answer = redis.call('TYPE', KEYS[1])
        local found = type(answer) == 'table' and answer['ok'] or answer
        if found == 'none' or found == ARGV[1] then
          return 0
        end
        redis.call('DEL', KEYS[1])
        return 1
        """;

    /// <summary>
    /// Like <see cref="TryAsync"/>, but never throws for a server error: keys of a wrong type are removed and the call is repeated once.
    /// False also when that did not help, which does not close the gate.
    /// </summary>
    /// <param name="call">The call; it may be made twice.</param>
    /// <param name="keys">The keys that it uses.</param>
    public async ValueTask<(bool Done, T? Result)> TryRepairingAsync<T>(Func<IDatabase, Task<T>> call, params TypedKey[] keys)
    {
        try
        {
            return await TryAsync(call);
        }
        catch (RedisServerException e) when (!IsAway(e))
        {
            LogServerError(e);
        }

        try
        {
            foreach (var (key, type) in keys)
            {
                var (done, removed) = await TryAsync(d => d.ScriptEvaluateAsync(RemoveWrongType, [key], [type]));
                if (!done)
                {
                    return (false, default);
                }

                if ((int)removed! == 1)
                {
                    RedisMetrics.Repairs.Add(1);
                    LogRemovedWrongType(type);
                }
            }

            return await TryAsync(call);
        }
        catch (RedisServerException e) when (!IsAway(e))
        {
            LogServerError(e);
            return (false, default);
        }
    }

    [LoggerMessage(2007, LogLevel.Error, "Redis answered with an error")]
    private partial void LogServerError(Exception e);

    [LoggerMessage(2008, LogLevel.Error, "A key in Redis was no {type}; it is removed")]
    private partial void LogRemovedWrongType(string type);
}
