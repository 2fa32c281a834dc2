using System.Globalization;
using System.Net;
using Chat.Backends.Availability;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>The background side: noticing a silent server, probing, making up, opening.</summary>
public sealed partial class RedisGate
{
    private const int AllSlots = 16_384;
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);
    private bool _watching;

    /// <summary>A process that asks for nothing would not notice that Redis is stopped or cut off, and that it hears nothing.</summary>
    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchEvery, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                try
                {
                    await TryAsync(static database => database.PingAsync());
                }
                catch (Exception e)
                {
                    // Nobody expected that answer to a ping; the next tick asks again.
                    LogCallFailed(e.GetType().Name);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    /// <summary>
    /// Whether a Redis that was too slow for one call is there at all. The ping gets as long as the longest call: opening the circuit for
    /// a server that is merely busy would end every room's epoch and give it more to do.
    /// </summary>
    private async Task<bool> PingAsync(CancellationToken stopping)
    {
        await (await _connection.ClientAsync()).GetDatabase().PingAsync().WaitAsync(_longestCall, _time, stopping);
        return true;
    }

    /// <summary>False when Redis does not answer, or failed again while making up.</summary>
    private async Task<bool> ProbeAsync(Circuit circuit, CancellationToken stopping)
    {
        var client = await _connection.ClientAsync().WaitAsync(stopping);
        Watch(client);
        if (await ReadTimeAsync(client, stopping) is not { } now)
        {
            return false;
        }

        bool wasInterrupted;
        lock (circuit.Sync)
        {
            wasInterrupted = _interrupted;
            // What was there before the first opening was interrupted by nobody, unless something was refused meanwhile.
            if (wasInterrupted)
            {
                Since = Math.Max(Since, now + 1);
            }
        }

        while (!circuit.TryClose(() => MayOpen(wasInterrupted)))
        {
            // Something was refused before the first opening: the next probe gives it a time.
            if (!wasInterrupted || (MakeUpAsync is { } makeUp && !await makeUp(client.GetDatabase(), stopping)))
            {
                return false;
            }
        }

        _openedOnce.TrySetResult();
        LogOpened(wasInterrupted);
        if (wasInterrupted)
        {
            Reopened?.Invoke();
        }

        return true;
    }

    /// <summary>Under the gate's lock, so that nothing is missed between the question and the opening.</summary>
    private bool MayOpen(bool wasInterrupted)
    {
        if (HasMissed?.Invoke() == true || wasInterrupted != _interrupted)
        {
            return false;
        }

        _interrupted = false;
        return true;
    }

    /// <summary>The server's time in Unix milliseconds, of a cluster the greatest; null: not all of it answers.</summary>
    private async Task<long?> ReadTimeAsync(IConnectionMultiplexer client, CancellationToken stopping)
    {
        var connected = client.GetServers().Where(s => s is { IsConnected: true, IsReplica: false }).ToList();
        if (connected.Count == 0)
        {
            return null;
        }

        var patience = _options.Timeout;
        if (connected[0].ServerType == ServerType.Cluster)
        {
            var info = (string?)await connected[0].ExecuteAsync("CLUSTER", "INFO").WaitAsync(patience, _time, stopping) ?? "";
            if (!info.Contains("cluster_state:ok", StringComparison.Ordinal)
                || !info.Contains(string.Create(CultureInfo.InvariantCulture, $"cluster_slots_ok:{AllSlots}"), StringComparison.Ordinal))
            {
                return null;
            }
        }

        var times = await Task.WhenAll(connected.Select(s => s.TimeAsync())).WaitAsync(patience, _time, stopping);
        return times.Max(t => new DateTimeOffset(DateTime.SpecifyKind(t, DateTimeKind.Utc)).ToUnixTimeMilliseconds());
    }

    private void Watch(IConnectionMultiplexer client)
    {
        if (_watching)
        {
            return;
        }

        _watching = true;
        client.ConnectionFailed += (_, e) =>
        {
            if (e.ConnectionType == ConnectionType.Interactive)
            {
                Close($"the connection to {Name(e.EndPoint)} was lost: {e.FailureType}");
            }
        };
    }

    private static string Name(EndPoint? endPoint) => endPoint?.ToString() ?? "?";

    [LoggerMessage(2002, LogLevel.Information, "Redis is used (after an interruption: {interrupted})")]
    private partial void LogOpened(bool interrupted);

    [LoggerMessage(2003, LogLevel.Debug, "A call to Redis failed: {error}")]
    private partial void LogCallFailed(string error);

    [LoggerMessage(2006, LogLevel.Warning, "Starting without Redis, which does not answer yet")]
    private partial void LogStartsWithout(Exception e);
}
