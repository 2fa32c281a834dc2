using System.Diagnostics.Metrics;
using Chat.Backends.Availability;
using Chat.Backends.Sqlite;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Chat.Backends.Saving;

/// <summary>
/// Takes rows of <c>message_save</c> on a lease that is extended while the handler works and that runs out when the process dies.
/// A commit wakes it at once (<see cref="SqliteCommits"/>).
/// </summary>
public sealed partial class SqliteSaveConsumer(
    SqliteDatabase database, IOptions<SaveConsumerOptions> options, TimeProvider time, ILogger<SqliteSaveConsumer> logger) : ISaveConsumer
{
    private static readonly Counter<long> Troubles =
        Telemetry.Meter.CreateCounter<long>("chat.queue.troubles", description: "Times that the embedded queue could not be used");

    private readonly SqliteLeases _leases = new(database, options.Value, Lease, time);
    private volatile bool _consuming;

    /// <summary>After so long without a sign of life a consumer's rows are anybody's.</summary>
    public static TimeSpan Lease { get; } = TimeSpan.FromSeconds(30);

    public bool IsConsuming => _consuming;

    public async Task RunAsync(SaveHandler handler, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var troubles = 0;
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var commit = database.Commits.Next;
                var due = await _leases.UntilDueAsync(cancellationToken);
                if (due is null || due > TimeSpan.Zero)
                {
                    _consuming = true;
                    await database.Commits.WaitAsync(commit, due, time, cancellationToken);
                    continue;
                }

                var batch = await _leases.TakeAsync(CancellationToken.None);
                _consuming = true;
                if (batch.Count > 0 && await HandleAsync(batch, handler, cancellationToken))
                {
                    return;
                }

                troubles = 0;
                backoff.Reset();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (BackendUnavailableException e)
            {
                _consuming = false;
                Troubles.Add(1);
                LogAway(e, troubles++);
                await backoff.WaitAsync(time, cancellationToken);
            }
            finally
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    _consuming = false;
                }
            }
        }
    }

    /// <summary>True when the handler wants a pause. A stop lets it finish the batch.</summary>
    private async Task<bool> HandleAsync(IReadOnlyList<SqliteDelivery> batch, SaveHandler handler, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            await _leases.GiveBackAsync();
            return false;
        }

        var outcomes = await AnswerAsync(batch, handler);
        await _leases.SettleAsync(batch, outcomes);
        var pause = outcomes.Any(o => o is SaveOutcome.Paused);
        _consuming &= !pause;
        return pause;
    }

    private async Task<IReadOnlyList<SaveOutcome>> AnswerAsync(IReadOnlyList<SqliteDelivery> batch, SaveHandler handler)
    {
        try
        {
            var handling = handler([.. batch.Select(b => b.Delivery)], CancellationToken.None);
            using var timer = new PeriodicTimer(Lease / 3, time);
            var tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
            while (await Task.WhenAny(handling, tick) != handling)
            {
                await ExtendAsync();
                tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
            }

            var outcomes = await handling;
            return outcomes.Count == batch.Count
                ? outcomes
                : throw new InvalidOperationException($"{outcomes.Count} outcomes for {batch.Count} deliveries.");
        }
#pragma warning disable CA1031 // By contract any exception of the handler counts as a requeue of all.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogHandlerFailed(e, batch.Count);
            return [.. batch.Select(_ => SaveOutcome.Requeue)];
        }
    }

    private async Task ExtendAsync()
    {
        try
        {
            await _leases.ExtendAsync();
        }
        catch (BackendUnavailableException e)
        {
            // Then the rows may go to another as well; saving them twice stores them once.
            Troubles.Add(1);
            LogAway(e, 0);
        }
    }

    [LoggerMessage(2301, LogLevel.Warning, "The embedded queue cannot be used now ({Times} times before)")]
    private partial void LogAway(Exception e, int times);

    [LoggerMessage(2302, LogLevel.Error, "Handling a batch of {Count} failed; it is delivered again")]
    private partial void LogHandlerFailed(Exception e, int count);
}
