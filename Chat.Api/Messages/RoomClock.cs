using System.Collections.Concurrent;

namespace Chat.Api.Messages;

/// <summary>
/// Hybrid logical time of each room (Kulkarni et al., "Logical Physical Clocks", 2014): this pod's time, or one millisecond after the
/// newest of the room that it has seen, whichever is later. So an answer never sorts before its question, whatever the clocks say.
/// </summary>
public sealed class RoomClock(TimeProvider time)
{
    private const int Rooms = 10_000;
    private readonly ConcurrentDictionary<string, long> _newest = new(StringComparer.Ordinal);

    public DateTimeOffset Next(string roomId)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var next = _newest.AddOrUpdate(roomId, now, (_, newest) => Math.Max(now, newest + 1));
        if (_newest.Count > Rooms)
        {
            // What lies in the past no longer matters: the pod's time is later.
            foreach (var (room, newest) in _newest)
            {
                if (newest < now)
                {
                    _newest.TryRemove(new(room, newest));
                }
            }
        }

        return DateTimeOffset.FromUnixTimeMilliseconds(next);
    }

    public void Observe(string roomId, DateTimeOffset timestamp)
    {
        var seen = timestamp.ToUnixTimeMilliseconds();
        _newest.AddOrUpdate(roomId, seen, (_, newest) => Math.Max(newest, seen));
    }
}
