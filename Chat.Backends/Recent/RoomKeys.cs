using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Chat.Backends.Recent;

/// <summary>How a call about one room ended.</summary>
internal enum RoomResult
{
    Done,

    /// <summary>Redis did not answer in time.</summary>
    Unavailable,

    /// <summary>Redis answers, but this room's keys could not be used, nor repaired.</summary>
    Damaged,
}

/// <summary>Makes one bounded call; <c>Done</c> is false when Redis did not answer in time.</summary>
internal delegate ValueTask<(bool Done, RedisResult? Answer)> RoomCaller(Func<IDatabaseAsync, Task<RedisResult>> call);

/// <summary>
/// Keeps damage of one room's keys local to the room. A server error (a wrong type, a script error) or an answer that makes no sense never
/// counts as an outage of Redis: the room starts over with empty keys and a later epoch, and the call is repeated. Where that does not
/// help, the room is out of step: this process starts it over before it uses it again, because the list may lack what
/// this process could not write.
/// </summary>
internal sealed partial class RoomKeys(RedisGate gate, RecentOptions options, TimeProvider time, ILogger logger)
{
    private const int Attempts = 3;
    private const int OutOfStepMax = 10_000;
    private static readonly TimeSpan MaxClockSkew = TimeSpan.FromDays(1);
    private readonly Turns _catchingUp = new();

    // By room, with its floor (ms): what is older may be missing from the list. A room leaves when it started over.
    private readonly ConcurrentDictionary<string, long> _outOfStep = new(StringComparer.Ordinal);

    // Logged as unusable, and nothing was written to them since.
    private readonly ConcurrentDictionary<string, bool> _unusable = new(StringComparer.Ordinal);
    private long _latestBegin;

    /// <summary>Of one room: list, meta, ids, times, changes.</summary>
    public static RedisKey[] Of(string roomId) =>
        [RedisKeys.Messages(roomId), RedisKeys.Meta(roomId), RedisKeys.Ids(roomId), RedisKeys.Times(roomId), RedisKeys.Changes(roomId)];

    /// <summary>What <paramref name="read"/> makes of the script's answer; it returns null for an answer that makes no sense.</summary>
    /// <param name="roomId">The room.</param>
    /// <param name="messageId">The message that is to be appended; empty for other calls.</param>
    /// <param name="caller">Makes the call.</param>
    /// <param name="call">The call.</param>
    /// <param name="read">Reads the answer.</param>
    public async ValueTask<(RoomResult Result, T? Value)> CallAsync<T>(
        string roomId, string messageId, RoomCaller caller, Func<IDatabaseAsync, Task<RedisResult>> call, Func<RedisResult, T?> read)
        where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            RedisServerException? error = null;
            try
            {
                var (done, answer) = await caller(call);
                if (!done)
                {
                    return (RoomResult.Unavailable, null);
                }

                if (read(answer!) is { } value)
                {
                    return (RoomResult.Done, value);
                }
            }
            catch (RedisServerException e) when (!RedisGate.IsAway(e))
            {
                error = e;
            }

            // At first only where something is wrong: others may have started the room over already.
            var repaired = attempt == Attempts
                ? RoomResult.Damaged
                : await RepairAsync(roomId, messageId, caller, force: attempt > 1, error, floor: 0);
            if (repaired == RoomResult.Damaged)
            {
                SetOutOfStep(roomId, floor: 0, error);
            }

            if (repaired != RoomResult.Done)
            {
                return (repaired, null);
            }
        }
    }

    /// <summary>The room's list may lack what this process could not write. Logged once, until the room is written to again.</summary>
    /// <param name="roomId">The room.</param>
    /// <param name="floor">Unix milliseconds: messages older than this may be missing.</param>
    /// <param name="error">Why, where the server said so.</param>
    public void SetOutOfStep(string roomId, long floor, Exception? error = null)
    {
        if (_outOfStep.Count >= OutOfStepMax || _unusable.Count >= OutOfStepMax)
        {
            // That many rooms are no local damage: what may be missing from them is treated like an outage.
            gate.Miss(_outOfStep.Clear);
            _unusable.Clear();
            return;
        }

        _outOfStep.AddOrUpdate(roomId, floor, (_, other) => Math.Max(other, floor));
        if (_unusable.TryAdd(roomId, true))
        {
            LogNotRepaired(roomId, error);
        }
    }

    /// <summary>A message is in the room's list again.</summary>
    public void SetWritten(string roomId, string epoch)
    {
        Observe(epoch);
        if (!_unusable.IsEmpty)
        {
            _unusable.TryRemove(roomId, out _);
        }
    }

    public bool IsOutOfStep(string roomId) => !_outOfStep.IsEmpty && _outOfStep.ContainsKey(roomId);

    /// <summary>Starts the room over if it is out of step. False when it still is.</summary>
    public async ValueTask<bool> CatchUpAsync(string roomId, RoomCaller caller)
    {
        if (!IsOutOfStep(roomId))
        {
            return true;
        }

        // One at a time: a second start would drop what was written after the first.
        using var turn = await _catchingUp.EnterAsync(roomId, CancellationToken.None);
        return !_outOfStep.TryGetValue(roomId, out var floor)
            || (await RepairAsync(roomId, "", caller, force: true, error: null, floor) == RoomResult.Done
                && _outOfStep.TryRemove(new(roomId, floor)));
    }

    /// <summary>Removes what others wrote into a room's list; best effort.</summary>
    public async ValueTask RemoveEntriesAsync(string roomId, IReadOnlyCollection<string> entries, RoomCaller caller)
    {
        try
        {
            var (done, removed) = await caller(d => d.ScriptEvaluateAsync(
                RedisScripts.RemoveEntries, [RedisKeys.Messages(roomId)], [.. entries.Select(e => (RedisValue)e)]));
            if (done && (int)removed! > 0)
            {
                RedisMetrics.Repairs.Add(1);
                LogRemoved((int)removed!, roomId);
            }
        }
        catch (RedisServerException e) when (!RedisGate.IsAway(e))
        {
            // The list became something else meanwhile: the next call about the room repairs it.
            LogNotRemoved(roomId, e);
        }
    }

    /// <summary>Remembers when the epoch began, so that no room that starts over gets one that sorts before it.</summary>
    public void Observe(string epoch)
    {
        if (RecentEntry.BeginOf(epoch) is { } begin)
        {
            for (var latest = Volatile.Read(ref _latestBegin); begin > latest;)
            {
                var seen = Interlocked.CompareExchange(ref _latestBegin, begin, latest);
                if (seen == latest)
                {
                    return;
                }

                latest = seen;
            }
        }
    }

    private async ValueTask<RoomResult> RepairAsync(
        string roomId, string messageId, RoomCaller caller, bool force, RedisServerException? error, long floor)
    {
        var tooLate = RecentEntry.Time(time.GetUtcNow() + MaxClockSkew);
        try
        {
            var (done, repaired) = await caller(d => d.ScriptEvaluateAsync(
                RedisScripts.Repair,
                Of(roomId),
                [messageId, Volatile.Read(ref _latestBegin), (long)options.RememberIds.TotalMilliseconds, force ? 1 : 0, floor, tooLate]));
            if (!done)
            {
                return RoomResult.Unavailable;
            }

            switch ((int)repaired!)
            {
                case 1:
                    RedisMetrics.Repairs.Add(1);
                    LogRepaired(roomId, error);
                    break;
                case 2:
                    RedisMetrics.Repairs.Add(1);
                    LogChangesRemoved(roomId, error);
                    break;
            }

            return RoomResult.Done;
        }
        catch (RedisServerException e) when (!RedisGate.IsAway(e))
        {
            // Whoever asked for it logs what the repair was for.
            return RoomResult.Damaged;
        }
    }

    [LoggerMessage(2103, LogLevel.Error, "Keys of room {Room} in Redis were unusable; the room starts over with empty ones")]
    private partial void LogRepaired(string room, Exception? error);

    [LoggerMessage(2107, LogLevel.Error, "The list of changes of room {Room} in Redis was unusable and is removed")]
    private partial void LogChangesRemoved(string room, Exception? error);

    [LoggerMessage(2104, LogLevel.Error, "Keys of room {Room} in Redis are unusable; its messages are served from the archive")]
    private partial void LogNotRepaired(string room, Exception? error);

    [LoggerMessage(2106, LogLevel.Debug, "Entries of the list of room {Room} in Redis could not be removed")]
    private partial void LogNotRemoved(string room, Exception error);

    [LoggerMessage(2105, LogLevel.Error, "Removed {Count} entries that are not messages from the list of room {Room} in Redis")]
    private partial void LogRemoved(int count, string room);
}
