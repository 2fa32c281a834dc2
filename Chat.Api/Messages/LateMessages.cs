using System.Collections.Concurrent;
using Chat.Api.Realtime;
using Chat.Backends.Pods;

namespace Chat.Api.Messages;

/// <summary>
/// Rooms with a message that was accepted unusually late. Somebody may have read a page meanwhile that was called complete without it, so
/// the room's clients are told to look again: once for all messages that were late within a second.
/// </summary>
public sealed class LateMessages(PodBridge bridge, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, bool> _rooms = new(StringComparer.Ordinal);

    public void Add(string roomId)
    {
        if (_rooms.TryAdd(roomId, true))
        {
            TellAsync(roomId).NotAwaited();
        }
    }

    private async Task TellAsync(string roomId)
    {
        await Task.Delay(Pause, time, lifetime.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _rooms.TryRemove(roomId, out _);
        await bridge.PublishAsync(new ResyncNeeded(roomId), CancellationToken.None);
    }
}
