using System.Collections.Concurrent;
using Chat.Backends.Recent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Backends.Pods;

/// <summary>
/// Redis' publish and subscribe: a channel per room and one for every pod. The client subscribes again by itself when its
/// connection comes back; what was published meanwhile is lost, so that is a gap.
/// </summary>
public sealed partial class RedisPodTransport(
    RedisConnection connection, RedisGate gate, IOptions<RecentOptions> options, TimeProvider time, ILogger<RedisPodTransport> logger) : IPodTransport
{
    private readonly ConcurrentDictionary<string, bool> _wanted = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1, 1);

    // One change of a room's subscription at a time, so that the last word about it is the last one carried out.
    private readonly Turns _roomTurns = new();
    private readonly CancellationTokenSource _stopping = new();
    private IPodReceiver? _receiver;

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
        using var turn = await _roomTurns.EnterAsync(roomId, CancellationToken.None);
        _wanted[roomId] = false;
        if (gate.IsOpen)
        {
            _wanted[roomId] = await TrySubscribeAsync(RedisKeys.RoomChannel(roomId));
        }
    }

    public async Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        using var turn = await _roomTurns.EnterAsync(roomId, CancellationToken.None);
        if (_wanted.TryRemove(roomId, out _) && gate.IsOpen)
        {
            await TryAsync(async s => { await s.UnsubscribeAsync(Channel(RedisKeys.RoomChannel(roomId))); return true; });
        }
    }

    public async ValueTask<bool> PublishAsync(string? roomId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var channel = Channel(roomId is null ? RedisKeys.AllPodsChannel : RedisKeys.RoomChannel(roomId));
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

    private void OnRestored() => _ = RestoreAsync(gap: true);

    /// <summary>Makes up for subscriptions that failed, waits until the server has all of them, and only then says that there was a gap.</summary>
    private async Task RestoreAsync(bool gap)
    {
        await _turn.WaitAsync();
        try
        {
            for (var attempt = 0; attempt < 100 && !_stopping.IsCancellationRequested; attempt++)
            {
                var all = await TrySubscribeAsync(RedisKeys.AllPodsChannel);
                foreach (var room in _wanted.Where(w => !w.Value).Select(w => w.Key).ToList())
                {
                    using var turn = await _roomTurns.EnterAsync(room, CancellationToken.None);
                    // Subscribing again would unsubscribe first, and miss what comes between the two.
                    if (_wanted.TryGetValue(room, out var subscribed) && !subscribed)
                    {
                        all &= _wanted[room] = await TrySubscribeAsync(RedisKeys.RoomChannel(room));
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
        // Not a second handler where the first failed halfway.
        var channel = Channel(name);
        await subscriber.UnsubscribeAsync(channel, OnMessage);
        await subscriber.SubscribeAsync(channel, OnMessage);
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

    private void OnMessage(RedisChannel channel, RedisValue value)
    {
        if (_receiver is { } receiver)
        {
            _ = receiver.OnBodyAsync((byte[])value!);
        }
    }

    private static RedisChannel Channel(string name) => RedisChannel.Literal(name);

    [LoggerMessage(2212, LogLevel.Error, "Subscribing again in Redis failed unexpectedly")]
    private partial void LogRestoring(Exception e);

    [LoggerMessage(2211, LogLevel.Debug, "Subscribing in Redis failed; it is repeated")]
    private partial void LogSubscribing(Exception e);
}
