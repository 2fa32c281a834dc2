using System.Diagnostics;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Availability;
using Chat.Backends.Saving;

namespace Chat.Worker.Saving;

/// <summary>
/// Parse, save, answer: one outcome a delivery. Never sees the queue, as the consumer never sees the archive.
/// <list type="table">
/// <item><term>cannot be parsed</term><description>dead letter, with the reason</description></item>
/// <item><term>saved, or was there already</term><description>ack</description></item>
/// <item><term>the archive is unavailable or refuses, or is busy with one item</term><description>pause</description></item>
/// <item><term>busy with a batch, or failed in one</term><description>each alone: some are saved, only the poison suffers</description></item>
/// <item><term>failed alone</term><description>the item's fault only while the archive takes others, else pause: refused by the archive a
/// dead letter, anything else a requeue; the queue gives up after some attempts</description></item>
/// </list>
/// </summary>
public sealed partial class MessageSaver(IMessageArchive archive, TimeProvider time, ILogger<MessageSaver> logger)
{
    /// <summary>Well below the minute that a queue leaves a batch to be handled.</summary>
    private static readonly TimeSpan EachWithin = TimeSpan.FromSeconds(30);
    private readonly ArchiveProbe _probe = new(archive, time);

    public async Task<IReadOnlyList<SaveOutcome>> HandleAsync(IReadOnlyList<SaveDelivery> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var trace = SavingTrace.Begin(batch);
        var outcomes = new SaveOutcome[batch.Count];
        var items = new List<(int Index, SaveItem Item)>(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            if (SaveItemParser.TryParse(batch[i], out var item, out var reason))
            {
                items.Add((i, item));
            }
            else
            {
                outcomes[i] = SaveOutcome.DeadLetter(reason);
            }
        }

        if (items.Count > 0)
        {
            await SaveAsync(items, outcomes, cancellationToken);
            await BlameAsync(items, outcomes, cancellationToken);
        }

        for (var i = 0; i < outcomes.Length; i++)
        {
            SavingMetrics.Count(outcomes[i]);
            if (outcomes[i] is SaveOutcome.DeadLettered dead)
            {
                LogDeadLetter(batch[i].Key, batch[i].Type, dead.Reason);
            }
        }

        trace.End(outcomes);
        return outcomes;
    }

    private async Task SaveAsync(List<(int Index, SaveItem Item)> items, SaveOutcome[] outcomes, CancellationToken cancellationToken)
    {
        try
        {
            var began = Stopwatch.GetTimestamp();
            var results = await archive.SaveAsync([.. items.Select(i => i.Item)], cancellationToken);
            SavingMetrics.Saved(results, Stopwatch.GetElapsedTime(began));
            for (var i = 0; i < items.Count; i++)
            {
                outcomes[items[i].Index] = results[i].Kind == SaveResultKind.Refused
                    ? SaveOutcome.DeadLetter($"refused by the archive: {results[i].Reason}")
                    : SaveOutcome.Ack;
            }
        }
        catch (BackendUnavailableException e) when (!IsForOneAlone(e.Verdict, items.Count))
        {
            LogNotSaved(e, e.Verdict, items.Count);
            items.ForEach(i => outcomes[i.Index] = SaveOutcome.Pause);
        }
#pragma warning disable CA1031 // Whatever it is, it must not take the rest of the batch, nor the worker, with it.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            SavingMetrics.Failed();
            LogFailed(e, items.Count);
            if (items.Count == 1)
            {
                outcomes[items[0].Index] = SaveOutcome.Requeue;
                return;
            }

            await SaveEachAsync(items, outcomes, cancellationToken);
        }
    }

    /// <summary>An item is to blame only while the archive takes others. Otherwise the archive is, and no delivery pays for it.</summary>
    private async Task BlameAsync(List<(int Index, SaveItem Item)> items, SaveOutcome[] outcomes, CancellationToken cancellationToken)
    {
        var failed = items.Where(i => outcomes[i.Index] is SaveOutcome.Requeued or SaveOutcome.DeadLettered).ToList();
        if (failed.Count == 0 || await TakesWritesAsync(cancellationToken))
        {
            return;
        }

        failed.ForEach(i => outcomes[i.Index] = SaveOutcome.Pause);
    }

    private async Task<bool> TakesWritesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _probe.WriteAsync(cancellationToken);
            return true;
        }
#pragma warning disable CA1031 // Whatever it is, the archive does not take writes.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogProbeFailed(e);
            return false;
        }
    }

    /// <summary>A batch may be too much at once for an archive that takes each of its items, and one of them may be contended.</summary>
    private static bool IsForOneAlone(Verdict verdict, int count) => verdict == Verdict.Contended || (verdict == Verdict.Busy && count > 1);

    /// <summary>Ends with the first that is not saved now, and before the queue loses its patience: the rest goes back.</summary>
    private async Task SaveEachAsync(List<(int Index, SaveItem Item)> items, SaveOutcome[] outcomes, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var pauses = false;
        foreach (var item in items)
        {
            if (pauses || Stopwatch.GetElapsedTime(began) > EachWithin)
            {
                outcomes[item.Index] = SaveOutcome.Pause;
                continue;
            }

            await SaveAsync([item], outcomes, cancellationToken);
            pauses = outcomes[item.Index] is SaveOutcome.Paused;
        }
    }

    [LoggerMessage(3411, LogLevel.Warning, "Dead letter {Key} of type {Type}: {Reason}")]
    private partial void LogDeadLetter(string key, string type, string reason);

    [LoggerMessage(3412, LogLevel.Warning, "The archive does not save now ({Verdict}); {Count} go back to the queue")]
    private partial void LogNotSaved(Exception e, Verdict verdict, int count);

    [LoggerMessage(3414, LogLevel.Error, "The archive takes nothing at all; what failed goes back to the queue uncounted")]
    private partial void LogProbeFailed(Exception e);

    [LoggerMessage(3413, LogLevel.Error, "Saving {Count} failed; of several each is tried alone")]
    private partial void LogFailed(Exception e, int count);
}
