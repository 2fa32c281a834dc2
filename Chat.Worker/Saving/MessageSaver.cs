using System.Diagnostics;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Saving;

namespace Chat.Worker.Saving;

/// <summary>
/// Parse, save, answer: one outcome a delivery. Never sees the queue, as the consumer never sees the archive.
/// <list type="table">
/// <item><term>cannot be parsed, or refused by the archive</term><description>dead letter, with the reason</description></item>
/// <item><term>saved, or was there already</term><description>ack</description></item>
/// <item><term>archive away</term><description>pause</description></item>
/// <item><term>anything else, in a batch</term><description>each alone, so that only the poison suffers</description></item>
/// <item><term>anything else, alone</term><description>requeue; the queue gives up after some attempts</description></item>
/// </list>
/// </summary>
public sealed partial class MessageSaver(IMessageArchive archive, ILogger<MessageSaver> logger)
{
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
        catch (BackendUnavailableException e)
        {
            LogAway(e, items.Count);
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

    private async Task SaveEachAsync(List<(int Index, SaveItem Item)> items, SaveOutcome[] outcomes, CancellationToken cancellationToken)
    {
        var away = false;
        foreach (var item in items)
        {
            if (away)
            {
                outcomes[item.Index] = SaveOutcome.Pause;
                continue;
            }

            await SaveAsync([item], outcomes, cancellationToken);
            away = outcomes[item.Index] is SaveOutcome.Paused;
        }
    }

    [LoggerMessage(3001, LogLevel.Warning, "Dead letter {Key} of type {Type}: {Reason}")]
    private partial void LogDeadLetter(string key, string type, string reason);

    [LoggerMessage(3002, LogLevel.Warning, "The archive is away; {Count} go back to the queue")]
    private partial void LogAway(Exception e, int count);

    [LoggerMessage(3003, LogLevel.Error, "Saving {Count} failed; of several each is tried alone")]
    private partial void LogFailed(Exception e, int count);
}
