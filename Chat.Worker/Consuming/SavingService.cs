using Chat.Backends;
using Chat.Backends.Availability;
using Chat.Backends.Saving;
using Chat.Worker.Saving;
using Microsoft.Extensions.Options;

namespace Chat.Worker.Consuming;

/// <summary>
/// Waits until the archive takes a write, consumes until it does not any more or the service stops, and begins again. While paused
/// nothing is in this process' hands: no delivery's attempts are used up and none is held past the broker's consumer timeout.
/// </summary>
public sealed partial class SavingService(
    ISaveConsumer consumer,
    ArchiveProbe probe,
    MessageSaver saver,
    SavingState state,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<SavingService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = new Backoff(options.Value.ProbeDelay, options.Value.MaxProbeDelay);
        while (await ArchiveTakesWritesAsync(backoff, stoppingToken))
        {
            var began = time.GetTimestamp();
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
            }

            if (!stoppingToken.IsCancellationRequested)
            {
                state.Set(SavingPhase.Paused);
                SavingMetrics.Paused();
                LogPaused();
            }

            // An archive that takes the probe and soon refuses again must not have the same deliveries returned to it all the time.
            if (time.GetElapsedTime(began) > options.Value.MaxProbeDelay)
            {
                backoff.Reset();
            }

            await backoff.WaitAsync(time, stoppingToken);
        }

        LogStopped();
    }

    /// <summary>False: the service stops.</summary>
    private async Task<bool> ArchiveTakesWritesAsync(Backoff backoff, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await probe.WriteAsync(stoppingToken);
                return true;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return false;
            }
            catch (BackendUnavailableException e)
            {
                LogProbeFailed(e.Verdict);
            }
#pragma warning disable CA1031 // A bug in the probe must not end the worker; it shows in the log and the metric.
            catch (Exception e)
#pragma warning restore CA1031
            {
                SavingMetrics.Failed();
                LogProbeUnexpected(e);
            }

            await backoff.WaitAsync(time, stoppingToken);
        }

        return false;
    }

    [LoggerMessage(3401, LogLevel.Information, "The archive takes writes; consuming")]
    private partial void LogConsuming();

    [LoggerMessage(3402, LogLevel.Warning, "Consuming pauses until the archive takes a write")]
    private partial void LogPaused();

    [LoggerMessage(3403, LogLevel.Debug, "The archive did not take the probe: {Verdict}")]
    private partial void LogProbeFailed(Verdict verdict);

    [LoggerMessage(3404, LogLevel.Error, "Saving stopped for an unexpected reason; it begins again")]
    private partial void LogUnexpected(Exception e);

    [LoggerMessage(3405, LogLevel.Information, "Stopped; what was in hand is saved, the rest is back in the queue")]
    private partial void LogStopped();

    [LoggerMessage(3406, LogLevel.Error, "Probing the archive failed unexpectedly; it is probed again")]
    private partial void LogProbeUnexpected(Exception e);
}
