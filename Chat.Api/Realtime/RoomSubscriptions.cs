using System.Collections.Concurrent;
using Chat.Backends;
using Chat.Backends.Pods;

namespace Chat.Api.Realtime;

/// <summary>
/// Which rooms' events this pod receives: those that have somebody connected here. A room that has nobody any more is kept for a few
/// seconds, so that reloading a page does not cost two round trips and a gap.
/// </summary>
public sealed partial class RoomSubscriptions(
    IPodChannel channel, Connections connections, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<RoomSubscriptions> logger)
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);
    private readonly Turns _turns = new();
    private readonly ConcurrentDictionary<string, bool> _subscribed = new(StringComparer.Ordinal);

    /// <summary>How many rooms are subscribed to.</summary>
    public int Count => _subscribed.Count;

    /// <summary>Completes when the room's events arrive.</summary>
    public async Task EnterAsync(string roomId, CancellationToken cancellationToken)
    {
        using (await _turns.EnterAsync(roomId, cancellationToken))
        {
            if (_subscribed.TryAdd(roomId, true))
            {
                // Not cancelled halfway: the subscription is for everybody who enters from now on.
                await channel.SubscribeAsync(roomId, CancellationToken.None);
            }
        }
    }

    /// <summary>Nobody of the room is connected here. If that is still so after a while, its events are not received any more.</summary>
    public void Leave(string roomId) => _ = LeaveLaterAsync(roomId);

    private async Task LeaveLaterAsync(string roomId)
    {
        try
        {
            await Task.Delay(Linger, time, lifetime.ApplicationStopping);
            using (await _turns.EnterAsync(roomId, lifetime.ApplicationStopping))
            {
                if (!connections.IsHere(roomId) && _subscribed.TryRemove(roomId, out _))
                {
                    await channel.UnsubscribeAsync(roomId, lifetime.ApplicationStopping);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends, and its subscriptions with it.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogFailed(e);
        }
    }

    [LoggerMessage(1330, LogLevel.Error, "A room's events are still received although nobody of it is connected")]
    private partial void LogFailed(Exception exception);
}
