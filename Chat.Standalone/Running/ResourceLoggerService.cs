using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A line that a resource wrote, numbered over all resources in the order received.</summary>
public readonly record struct LogLine(long LineNumber, DateTimeOffset Time, string ResourceId, string Content, bool IsErrorMessage);

/// <summary>The console output of every resource: the last lines, and whoever follows them live.</summary>
public class ResourceLoggerService(TimeProvider clock)
{
    private const int Kept = 5_000;
    private readonly Queue<LogLine> _lines = new();
    private readonly ConcurrentDictionary<Channel<LogLine>, byte> _followers = new();
    private readonly Lock _gate = new();
    private long _number;

    internal void Add(string resourceId, string content, bool isError)
    {
        lock (_gate)
        {
            var line = new LogLine(++_number, clock.GetUtcNow(), resourceId, content, isError);
            _lines.Enqueue(line);
            if (_lines.Count > Kept)
            {
                _lines.Dequeue();
            }

            foreach (var follower in _followers.Keys)
            {
                follower.Writer.TryWrite(line);
            }
        }
    }

    internal IReadOnlyList<LogLine> Last(string resourceId, int count)
    {
        lock (_gate)
        {
            return [.. _lines.Where(l => l.ResourceId == resourceId).TakeLast(count)];
        }
    }

    /// <summary>The kept lines after a number, then live ones. A follower too slow for the output loses the oldest it has not read.</summary>
    internal async IAsyncEnumerable<LogLine> FollowAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(Kept) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            foreach (var line in _lines.Where(l => l.LineNumber > after))
            {
                channel.Writer.TryWrite(line);
            }

            _followers[channel] = 0;
        }

        try
        {
            await foreach (var line in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return line;
            }
        }
        finally
        {
            _followers.TryRemove(channel, out _);
        }
    }
}
