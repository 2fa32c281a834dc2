using System.Collections.Concurrent;
using Chat.Backends.Pods;

namespace Chat.Api.Realtime;

/// <summary>
/// The pod hears of a room while somebody of it is connected here, and a few seconds longer, so that a reload of the page does not
/// cost two round trips and a hole.
/// </summary>
public sealed class RoomSubscriptions(IPodChannel channel, Connections connections, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, Subscription> _rooms = new(StringComparer.Ordinal);

    public async Task EnterAsync(string roomId, CancellationToken cancellationToken)
    {
        var room = _rooms.GetOrAdd(roomId, _ => new Subscription());
        await room.Turn.WaitAsync(cancellationToken);
        try
        {
            if (!room.Subscribed)
            {
                await channel.SubscribeAsync(roomId, cancellationToken);
                room.Subscribed = true;
            }
        }
        finally
        {
            room.Turn.Release();
        }
    }

    /// <summary>Nobody of it is left here; if that is still so after a while, it ends.</summary>
    public void Leave(string roomId) => _ = LeaveLaterAsync(roomId);

    private async Task LeaveLaterAsync(string roomId)
    {
        try
        {
            await Task.Delay(Linger, time, lifetime.ApplicationStopping);
            if (!_rooms.TryGetValue(roomId, out var room))
            {
                return;
            }

            await room.Turn.WaitAsync(lifetime.ApplicationStopping);
            try
            {
                if (room.Subscribed && !connections.IsHere(roomId))
                {
                    await channel.UnsubscribeAsync(roomId, lifetime.ApplicationStopping);
                    room.Subscribed = false;
                }
            }
            finally
            {
                room.Turn.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends, and its subscriptions with it.
        }
    }

    // Kept for good: a few dozen bytes for each room that anybody here ever was in.
    private sealed class Subscription
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public bool Subscribed { get; set; }
    }
}
