using Chat.Backends;
using Chat.Worker.Consuming;
using Microsoft.Extensions.Options;

namespace Chat.Worker.Sweeping;

/// <summary>Sweeps now and then; an archive that is away is swept when it is back.</summary>
public sealed partial class SweepingService(
    FileSweeper sweeper, IOptions<WorkerOptions> options, TimeProvider time, ILogger<SweepingService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await sweeper.SweepAsync(stoppingToken);
                }
                catch (BackendUnavailableException e)
                {
                    LogAway(e.Backend);
                }
#pragma warning disable CA1031 // Nobody expected it; it must not take the worker with it, and shows in the log.
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    LogFailed(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops; what was half swept is swept again.
        }
    }

    [LoggerMessage(3302, LogLevel.Debug, "Not swept: {Backend} is away")]
    private partial void LogAway(string backend);

    [LoggerMessage(3303, LogLevel.Error, "A sweep of files failed; the next comes in its time")]
    private partial void LogFailed(Exception e);
}
