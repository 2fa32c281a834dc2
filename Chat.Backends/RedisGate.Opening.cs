using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>The background side: connecting, probing, opening.</summary>
public sealed partial class RedisGate
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);
    private bool _watching;

    /// <summary>A process that asks for nothing would not notice that Redis is stopped or cut off, and that it hears nothing.</summary>
    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                await TryAsync(static database => database.PingAsync());
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task OpenAsync()
    {
        for (var attempt = 0; !_stopping.IsCancellationRequested; attempt++)
        {
            try
            {
                if (attempt > 0)
                {
                    await Task.Delay(Backoff(attempt), time, _stopping.Token);
                }

                var client = await connection.ClientAsync().WaitAsync(_stopping.Token);
                Watch(client);
                if (await ProbeAsync(client) is { } now && await OpenAsync(client.GetDatabase(), now))
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is, there is no one to tell but the log, and the next probe.
                RedisMetrics.Failures.Add(1);
                LogProbeFailed(e);
            }
        }
    }

    /// <summary>False when Redis failed again while making up.</summary>
    private async Task<bool> OpenAsync(IDatabase database, long now)
    {
        bool wasInterrupted;
        lock (_sync)
        {
            wasInterrupted = _interrupted;
            if (wasInterrupted)
            {
                Since = Math.Max(Since, now + 1);
            }
        }

        while (true)
        {
            lock (_sync)
            {
                if (HasMissed?.Invoke() != true && wasInterrupted == _interrupted)
                {
                    _isOpen = true;
                    _interrupted = false;
                    _failuresInARow = 0;
                    break;
                }

                if (!wasInterrupted)
                {
                    // Something was refused before the first opening: the next probe gives it a time.
                    return false;
                }
            }

            if (MakeUpAsync is { } makeUp && !await makeUp(database, _stopping.Token))
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

    /// <summary>The server's time in Unix milliseconds, of a cluster the greatest; null: not all of it answers.</summary>
    private async Task<long?> ProbeAsync(IConnectionMultiplexer client)
    {
        var connected = client.GetServers().Where(s => s is { IsConnected: true, IsReplica: false }).ToList();
        if (connected.Count == 0)
        {
            return null;
        }

        var patience = options.Value.Timeout;
        try
        {
            if (connected[0].ServerType == ServerType.Cluster)
            {
                var info = (string?)await connected[0].ExecuteAsync("CLUSTER", "INFO").WaitAsync(patience, time, _stopping.Token) ?? "";
                if (!info.Contains("cluster_state:ok", StringComparison.Ordinal)
                    || !info.Contains(string.Create(CultureInfo.InvariantCulture, $"cluster_slots_ok:{AllSlots}"), StringComparison.Ordinal))
                {
                    return null;
                }
            }

            var times = await Task.WhenAll(connected.Select(s => s.TimeAsync())).WaitAsync(patience, time, _stopping.Token);
            return times.Max(t => new DateTimeOffset(DateTime.SpecifyKind(t, DateTimeKind.Utc)).ToUnixTimeMilliseconds());
        }
        catch (Exception e) when (IsAway(e))
        {
            RedisMetrics.Failures.Add(1);
            return null;
        }
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
                LogConnectionFailed(Name(e.EndPoint), e.FailureType);
                Close();
            }
        };
    }

    private TimeSpan Backoff(int attempt)
    {
        var max = options.Value.MaxProbeDelay.TotalMilliseconds;
        var full = Math.Min(max, max / 10 * Math.Pow(2, Math.Min(attempt - 1, 10)));
#pragma warning disable CA5394 // Jitter needs no secrecy.
        return TimeSpan.FromMilliseconds(full * (0.5 + (Random.Shared.NextDouble() / 2)));
#pragma warning restore CA5394
    }

    private static string Name(EndPoint? endPoint) => endPoint?.ToString() ?? "?";

    [LoggerMessage(2001, LogLevel.Warning, "Redis is not used any more: away, or too slow")]
    private partial void LogClosed();

    [LoggerMessage(2002, LogLevel.Information, "Redis is used (after an interruption: {interrupted})")]
    private partial void LogOpened(bool interrupted);

    [LoggerMessage(2003, LogLevel.Debug, "A call to Redis failed: {error}")]
    private partial void LogCallFailed(string error);

    [LoggerMessage(2004, LogLevel.Warning, "Probing Redis failed")]
    private partial void LogProbeFailed(Exception e);

    [LoggerMessage(2005, LogLevel.Information, "The connection to Redis at {endpoint} was lost: {failure}")]
    private partial void LogConnectionFailed(string endpoint, ConnectionFailureType failure);

    [LoggerMessage(2006, LogLevel.Warning, "Starting without Redis, which does not answer yet")]
    private partial void LogAway(Exception e);
}
