using StackExchange.Redis;

namespace Chat.Backends.Recent;

public sealed partial class RedisRecentMessages
{
    /// <summary>Rooms of one round trip: their lists are some megabytes at most, which others do not wait long for.</summary>
    private const int RoomsAtOnce = 100;

    /// <summary>
    /// KEYS as for <see cref="RedisScripts.Read"/>. ARGV 1 time (ISO). Answers as that does, without the oldest entries as long as the last
    /// two are older than the time.
    /// </summary>
    private const string ReadSince =
        $$"""
        local function read()
        {{RedisScripts.Read}}
        end
        local function is_older(value)
          local time = string.match(value, '"timestamp":"([^"]*)"')
          return time and time < ARGV[1]
        end
        local answer = read()
        local count = #answer
        while count > 1 and is_older(answer[count]) and is_older(answer[count - 1]) do
          answer[count] = nil
          count = count - 1
        end
        return answer
        """;

    public async ValueTask<IReadOnlyDictionary<string, RecentWindow>?> ReadSinceAsync(
        IReadOnlyDictionary<string, DateTimeOffset> times, CancellationToken cancellationToken)
    {
        var windows = new Dictionary<string, RecentWindow>(StringComparer.Ordinal);
        foreach (var some in times.Where(t => !_rooms.IsOutOfStep(t.Key)).Chunk(RoomsAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (done, answers) = await _gate.TryAsync(
                database => Task.WhenAll(some.Select(t => TryReadSinceAsync(database, t.Key, t.Value))));
            if (!done)
            {
                return null;
            }

            foreach (var (id, read) in answers!)
            {
                if (read is { Unreadable.Count: 0 })
                {
                    _rooms.Observe(read.Window.Epoch);
                    windows[id] = read.Window;
                }
            }
        }

        // Damaged lists, and those that this process could not write, are repaired one by one. In the good case there are none.
        foreach (var id in times.Keys.Where(id => !windows.ContainsKey(id)))
        {
            if (await ReadAsync(id, cancellationToken) is { } window)
            {
                windows[id] = window;
            }
        }

        return windows;
    }

    /// <summary>Null where the room's keys are damaged.</summary>
    private static async Task<(string Id, RecentRead? Read)> TryReadSinceAsync(IDatabase database, string roomId, DateTimeOffset since)
    {
        try
        {
            var answer = await database.ScriptEvaluateAsync(ReadSince, WindowKeys(roomId), [RecentEntry.Time(since)]);
            return (roomId, RecentWindowReader.Read(roomId, (string[])answer!));
        }
        catch (RedisServerException e) when (!RedisGate.IsAway(e))
        {
            return (roomId, null);
        }
    }
}
