using System.Collections.Concurrent;
using Chat.Backends;
using Chat.Contracts;

namespace Chat.Api.Messages;

/// <summary>
/// Hybrid logical time of each room (Kulkarni et al., "Logical Physical Clocks", 2014): this pod's time, or one millisecond after the
/// newest of the room that it has seen, whichever is later. So an answer never sorts before its question, whatever the clocks say.
/// </summary>
public sealed class RoomClock(TimeProvider time)
{
    private const int Rooms = 10_000;
    private const int Messages = 20_000;
    private readonly ConcurrentDictionary<string, long> _newest = new(StringComparer.Ordinal);
    private readonly Remembered<DateTimeOffset> _times = new(Messages);

    /// <summary>
    /// The time of a message: the one under which this pod showed it already, be it that no store accepted it then and it is
    /// sent again; people have answered it where it stands.
    /// </summary>
    public DateTimeOffset Next(string roomId, string messageId)
    {
        if (_times.TryGet(messageId, out var shown))
        {
            return shown;
        }

        var next = Next(roomId);
        _times.Add(messageId, next, Later);
        return next;
    }

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

    /// <summary>A message that another pod showed.</summary>
    public void Observe(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Observe(message.RoomId, message.Timestamp);
        _times.Add(message.Id, message.Timestamp, Later);
    }

    public void Observe(string roomId, DateTimeOffset timestamp)
    {
        var seen = timestamp.ToUnixTimeMilliseconds();
        _newest.AddOrUpdate(roomId, seen, (_, newest) => Math.Max(newest, seen));
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a >= b ? a : b;
}
