using System.Collections.Concurrent;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Backends.Pods;
using Chat.Contracts;

namespace Chat.Api.Realtime;

/// <summary>Somebody types: passed on at most once in two seconds a room and user, and kept nowhere.</summary>
public sealed class Typing(RoomAccess access, PodBridge bridge, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private const int Entries = 10_000;
    private readonly ConcurrentDictionary<(string, string), DateTimeOffset> _said = new();

    public async Task<Refusal?> SaysAsync(string username, string roomId, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(roomId) || await access.FindAsync(roomId, username, cancellationToken) is null)
        {
            return Refuse.RoomNotFound;
        }

        var now = time.GetUtcNow();
        if (_said.TryGetValue((roomId, username), out var last) && now - last < Pause)
        {
            return null;
        }

        if (_said.Count > Entries)
        {
            _said.Clear();
        }

        _said[(roomId, username)] = now;
        await bridge.PublishAsync(new SomebodyTypes(new TypingEvent(roomId, username)), cancellationToken);
        return null;
    }
}
