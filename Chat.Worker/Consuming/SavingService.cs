using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Worker.Saving;
using Microsoft.Extensions.Options;

namespace Chat.Worker.Consuming;

/// <summary>
/// Probe the archive until it answers, consume until it goes away or the service stops, and again. While paused nothing is in this
/// process' hands: no delivery's attempts are burnt and none is held past the broker's consumer timeout.
/// </summary>
public sealed partial class SavingService(
    ISaveConsumer consumer,
    IMessageArchive archive,
    MessageSaver saver,
    SavingState state,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<SavingService> logger) : BackgroundService
{
    private static readonly string Probe = MessageId.For("probe", "probe");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await ArchiveAnswersAsync(stoppingToken))
        {
            try
            {
                state.Set(SavingPhase.Consuming);
                LogConsuming();
                await consumer.RunAsync(saver.HandleAsync, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
#pragma warning disable CA1031 // Nobody expected it; consuming begins anew rather than ending for good.
            catch (Exception e)
#pragma warning restore CA1031
            {
                SavingMetrics.Failed();
                LogUnexpected(e);
                await WaitAsync(options.Value.MaxProbeDelay, stoppingToken);
                continue;
            }

            if (!stoppingToken.IsCancellationRequested)
            {
                state.Set(SavingPhase.Paused);
                SavingMetrics.Paused();
                LogPaused();
            }
        }

        LogStopped();
    }

    /// <summary>False: the service stops.</summary>
    private async Task<bool> ArchiveAnswersAsync(CancellationToken stoppingToken)
    {
        var delay = options.Value.ProbeDelay;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await archive.FindAsync(Probe, stoppingToken);
                return true;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return false;
            }
            catch (BackendUnavailableException e)
            {
                LogProbeFailed(e.Message);
            }
#pragma warning disable CA1031 // A bug in the probe must not end the worker; it shows in the log and the metric.
            catch (Exception e)
#pragma warning restore CA1031
            {
                SavingMetrics.Failed();
                LogUnexpected(e);
            }

            // Jitter keeps many workers from coming back at the same moment.
            await WaitAsync(delay * (0.5 + (Random.Shared.NextDouble() / 2)), stoppingToken);
            delay = delay * 2 < options.Value.MaxProbeDelay ? delay * 2 : options.Value.MaxProbeDelay;
        }

        return false;
    }

    private async Task WaitAsync(TimeSpan delay, CancellationToken stoppingToken) =>
        await Task.Delay(delay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(3101, LogLevel.Information, "The archive answers; consuming")]
    private partial void LogConsuming();

    [LoggerMessage(3102, LogLevel.Warning, "Paused: the archive is away; probing it")]
    private partial void LogPaused();

    [LoggerMessage(3103, LogLevel.Debug, "The archive does not answer the probe: {Reason}")]
    private partial void LogProbeFailed(string reason);

    [LoggerMessage(3104, LogLevel.Error, "Saving stopped for a reason that nobody expected; it begins again")]
    private partial void LogUnexpected(Exception e);

    [LoggerMessage(3105, LogLevel.Information, "Stopped; what was in hand is saved, the rest is back in the queue")]
    private partial void LogStopped();
}
