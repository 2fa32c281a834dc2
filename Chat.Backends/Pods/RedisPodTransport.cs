using System.Collections.Concurrent;
using Chat.Backends.Recent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Backends.Pods;

/// <summary>
/// Redis' publish and subscribe: a channel for each room and one for every pod, each read by one loop, so that events are handled in the
/// order in which they were published to it. The client subscribes again by itself when its connection comes back; what was published
/// meanwhile is lost, so that is a gap.
/// </summary>
public sealed partial class RedisPodTransport(
    RedisConnection connection, RedisGate gate, IOptions<RecentOptions> options, TimeProvider time, ILogger<RedisPodTransport> logger) : IPodTransport
{
    // The channels that this pod wants, and whether it is subscribed to them.
    private readonly ConcurrentDictionary<string, bool> _wanted = new(StringComparer.Ordinal) { [RedisKeys.AllPodsChannel] = false };
    private readonly SemaphoreSlim _turn = new(1, 1);

    // One change of a channel's subscription at a time, so that the one that was asked for last is the one that holds.
    private readonly Turns _channelTurns = new();
    private readonly CancellationTokenSource _stopping = new();
    private IPodReceiver? _receiver;
    private int _waitingRestores;

    public string Name => "redis";

    public bool IsAvailable => gate.IsOpen;

    public void Start(IPodReceiver receiver)
    {
        _receiver = receiver;
        gate.Reopened += OnRestored;
        _ = WatchAsync();
    }

    public async Task SubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        var channel = RedisKeys.RoomChannel(roomId);
        using var turn = await _channelTurns.EnterAsync(channel, CancellationToken.None);
        _wanted[channel] = false;
        // Where Redis is unavailable the next opening makes up for it.
        if (gate.IsOpen && !(_wanted[channel] = await TrySubscribeAsync(channel)))
        {
            OnRestored();
        }
    }

    public async Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        var channel = RedisKeys.RoomChannel(roomId);
        using var turn = await _channelTurns.EnterAsync(channel, CancellationToken.None);
        if (_wanted.TryRemove(channel, out _))
        {
            // Also while Redis is unavailable: the client would subscribe to it again with its next connection.
            await TryAsync(async s => { await s.UnsubscribeAsync(Channel(channel)); return true; });
        }
    }

    public async ValueTask<bool> PublishAsync(string? roomId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        // Of a cluster always the same node, since nodes pass on each other's events in no common order.
        var channel = Channel(roomId is null ? RedisKeys.AllPodsChannel : RedisKeys.RoomChannel(roomId)).WithKeyRouting();
        // Counted as vital: what this does not take must go by the broker, and the next too.
        return (await gate.TryAsync(database => database.PublishAsync(channel, body), vital: true)).Done;
    }

    public async ValueTask DisposeAsync()
    {
        gate.Reopened -= OnRestored;
        await _stopping.CancelAsync();
    }

    private async Task WatchAsync()
    {
        try
        {
            var client = await connection.ClientAsync();
            client.ConnectionRestored += (_, e) =>
            {
                if (e.ConnectionType == ConnectionType.Subscription)
                {
                    OnRestored();
                }
            };
            await RestoreAsync(gap: false);
        }
        catch (Exception e)
        {
            RedisMetrics.Failures.Add(1);
            LogSubscribing(e);
        }
    }

    private void OnRestored()
    {
        // One that waits for its turn makes up for this interruption, too.
        if (Interlocked.Exchange(ref _waitingRestores, 1) == 0)
        {
            _ = RestoreAsync(gap: true);
        }
    }

    /// <summary>Makes up for subscriptions that failed, waits until the server has all of them, and only then says that there was a gap.</summary>
    private async Task RestoreAsync(bool gap)
    {
        await _turn.WaitAsync();
        if (gap)
        {
            Volatile.Write(ref _waitingRestores, 0);
        }

        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                var all = true;
                foreach (var channel in _wanted.Where(w => !w.Value).Select(w => w.Key).ToList())
                {
                    using var turn = await _channelTurns.EnterAsync(channel, CancellationToken.None);
                    // Subscribing again would unsubscribe first, and miss what comes between the two.
                    if (_wanted.TryGetValue(channel, out var subscribed) && !subscribed)
                    {
                        all &= _wanted[channel] = await TrySubscribeAsync(channel);
                    }
                }

                // In the order of the connection: after this answer the subscriptions before it are in force.
                if (all && await TryAsync(async s => { await s.PingAsync(); return true; }))
                {
                    break;
                }

                await Task.Delay(options.Value.MaxProbeDelay / 4, time, _stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            // Nobody waits for this: the log must tell, and the clients must fetch what they may have missed.
            RedisMetrics.Failures.Add(1);
            LogRestoring(e);
        }
        finally
        {
            _turn.Release();
        }

        if (gap)
        {
            _receiver?.OnGap(this);
        }
    }

    private Task<bool> TrySubscribeAsync(string name) => TryAsync(async subscriber =>
    {
        // An attempt that failed halfway may have left a queue that nobody reads.
        var channel = Channel(name);
        await subscriber.UnsubscribeAsync(channel);
        var queue = await subscriber.SubscribeAsync(channel);
        // The queue's loop outlives the call that made it, whose trace it must not continue.
        using (ExecutionContext.IsFlowSuppressed() ? default(IDisposable) : ExecutionContext.SuppressFlow())
        {
            queue.OnMessage(OnMessageAsync);
        }

        return true;
    });

    private async Task<bool> TryAsync(Func<ISubscriber, Task<bool>> call)
    {
        try
        {
            return await call((await connection.ClientAsync()).GetSubscriber()).WaitAsync(options.Value.StartTimeout, time, _stopping.Token);
        }
        catch (Exception e) when (RedisGate.IsAway(e))
        {
            RedisMetrics.Failures.Add(1);
            LogSubscribing(e);
            return false;
        }
    }

    private Task OnMessageAsync(ChannelMessage message) =>
        _receiver?.OnBodyAsync((ReadOnlyMemory<byte>)message.Message) ?? Task.CompletedTask;

    private static RedisChannel Channel(string name) => RedisChannel.Literal(name);

    [LoggerMessage(2212, LogLevel.Error, "Subscribing again in Redis failed unexpectedly")]
    private partial void LogRestoring(Exception e);

    [LoggerMessage(2211, LogLevel.Debug, "Subscribing in Redis failed; it is repeated")]
    private partial void LogSubscribing(Exception e);
}
