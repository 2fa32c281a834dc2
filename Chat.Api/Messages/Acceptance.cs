using System.Diagnostics;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.ServiceDefaults;

namespace Chat.Api.Messages;

/// <summary>
/// Makes something durable before it is acknowledged: the queue's confirm, and while the queue is away the archive's own word.
/// Both are idempotent, so a call whose answer was lost may be made again, here or there.
/// </summary>
public sealed partial class Acceptance(ISaveQueue queue, IMessageArchive archive, ILogger<Acceptance> logger)
{
    private static readonly TimeSpan ArchiveTimeout = TimeSpan.FromSeconds(5);
    private static readonly System.Diagnostics.Metrics.Histogram<double> Enqueuing =
        Telemetry.Meter.CreateHistogram<double>("chat.enqueue.duration", "s");

    private static readonly System.Diagnostics.Metrics.Histogram<double> Saving =
        Telemetry.Meter.CreateHistogram<double>("chat.save.duration", "s");

    private static readonly System.Diagnostics.Metrics.Counter<long> Accepted = Telemetry.Meter.CreateCounter<long>("chat.accepted");

    /// <summary>False: no store has it for certain; the sender keeps it.</summary>
    public async Task<bool> AcceptAsync(SaveItem item, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            await queue.EnqueueAsync(item, cancellationToken);
            Enqueuing.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            Count("queue", item);
            return true;
        }
        catch (BackendUnavailableException away)
        {
            LogQueueAway(away.Backend);
        }

        began = Stopwatch.GetTimestamp();
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(ArchiveTimeout);
            var result = (await archive.SaveAsync([item], timeout.Token))[0];
            Saving.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            Count(result.Kind == SaveResultKind.Refused ? "none" : "archive", item);
            return result.Kind != SaveResultKind.Refused;
        }
        catch (Exception e) when (e is BackendUnavailableException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Count("none", item);
            LogNotAccepted(item.Type);
            return false;
        }
    }

    private static void Count(string path, SaveItem item) =>
        Accepted.Add(1, new KeyValuePair<string, object?>("path", path), new KeyValuePair<string, object?>("type", item.Type));

    [LoggerMessage(1400, LogLevel.Debug, "The save queue ({Backend}) is away; the archive is asked")]
    private partial void LogQueueAway(string backend);

    [LoggerMessage(1401, LogLevel.Warning, "Nothing durable could take an item of type {Type}; it is refused")]
    private partial void LogNotAccepted(string type);
}
