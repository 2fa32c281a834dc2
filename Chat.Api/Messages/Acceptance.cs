using System.Diagnostics;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.ServiceDefaults;

namespace Chat.Api.Messages;

/// <summary>
/// Makes something durable before it is acknowledged: the queue's confirm, and while the queue is away or silent the archive's own word.
/// Both are idempotent, so a call whose answer was lost may be made again, here or there.
/// </summary>
public sealed partial class Acceptance(ISaveQueue queue, IMessageArchive archive, TimeProvider time, ILogger<Acceptance> logger)
{
    /// <summary>
    /// How long the queue alone is waited for; its confirm takes milliseconds. A broker that became silent is known as such only after
    /// seconds, in which a busy client would use up its calls in parallel and wait to be shown.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    /// <summary>
    /// Nearly every message is accepted within this time from its timestamp. Where it takes longer, the room's clients are told to look
    /// again (<see cref="LateMessages"/>), since a page that was read in the meantime and called complete may lack the message.
    /// </summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ArchiveTimeout = TimeSpan.FromSeconds(5);
    private static readonly System.Diagnostics.Metrics.Histogram<double> Enqueuing =
        Telemetry.Meter.CreateHistogram<double>("chat.enqueue.duration", "s");

    private static readonly System.Diagnostics.Metrics.Histogram<double> Saving =
        Telemetry.Meter.CreateHistogram<double>("chat.save.duration", "s");

    private static readonly System.Diagnostics.Metrics.Counter<long> Accepted = Telemetry.Meter.CreateCounter<long>("chat.accepted");

    /// <summary>False: no store has it for certain; the sender keeps it.</summary>
    public async Task<bool> AcceptAsync(SaveItem item, CancellationToken cancellationToken)
    {
        var queued = EnqueueAsync(item, cancellationToken);
        if (await IsConfirmedSoonAsync(queued, cancellationToken))
        {
            return true;
        }

        // Whichever has it first; the broker's confirm may still come, and both may have it.
        var saved = SaveAsync(item, cancellationToken);
        var first = await Task.WhenAny(queued, saved);
        if (await first || await (first == queued ? saved : queued))
        {
            return true;
        }

        Count("none", item);
        LogNotAccepted(item.Type);
        return false;
    }

    private async Task<bool> IsConfirmedSoonAsync(Task<bool> queued, CancellationToken cancellationToken)
    {
        try
        {
            return await queued.WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task<bool> EnqueueAsync(SaveItem item, CancellationToken cancellationToken)
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
            return false;
        }
    }

    private async Task<bool> SaveAsync(SaveItem item, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(ArchiveTimeout);
            var result = (await archive.SaveAsync([item], timeout.Token))[0];
            Saving.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            if (result.Kind == SaveResultKind.Refused)
            {
                return false;
            }

            Count("archive", item);
            return true;
        }
        catch (Exception e) when (e is BackendUnavailableException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
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
