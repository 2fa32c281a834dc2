using System.Diagnostics.Metrics;
using Chat.Backends.Availability;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;

namespace Chat.Backends;

/// <summary>
/// Keeps a background loop running whatever it throws: an exception that left a <c>BackgroundService</c> would end the process.
/// </summary>
public static partial class ResilientLoop
{
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);
    private static readonly Counter<long> Failures =
        Telemetry.Meter.CreateCounter<long>("chat.loops.failures", description: "Background loops that failed and were started again");

    /// <summary>
    /// Runs the loop until it returns or the token is cancelled. When it throws, that is logged and the loop is started again after a
    /// pause of 50 ms, which doubles up to 30 s. A run that lasted longer than 30 s begins with the shortest pause again.
    /// </summary>
    /// <param name="name">What the log and the metric call the loop.</param>
    /// <param name="loop">The loop; what it throws must leave it ready to be started again.</param>
    /// <param name="time">The clock of the pauses.</param>
    /// <param name="logger">Where failures are logged.</param>
    /// <param name="stoppingToken">Ends the loop; then this returns without an exception.</param>
    public static async Task RunAsync(
        string name, Func<CancellationToken, Task> loop, TimeProvider time, ILogger logger, CancellationToken stoppingToken)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(time);
        var backoff = new Backoff(MinPause, MaxPause);
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            try
            {
                await loop(stoppingToken);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (BackendUnavailableException e)
            {
                LogUnavailable(logger, name, e.Backend);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                LogFailed(logger, name, e);
            }

            Failures.Add(1, new KeyValuePair<string, object?>("loop", name));
            if (time.GetElapsedTime(began) > MaxPause)
            {
                backoff.Reset();
            }

            await backoff.WaitAsync(time, stoppingToken);
        }
    }

    [LoggerMessage(2901, LogLevel.Information, "The loop {Loop} waits: {Backend} is unavailable")]
    private static partial void LogUnavailable(ILogger logger, string loop, string backend);

    [LoggerMessage(2902, LogLevel.Error, "The loop {Loop} failed and is started again")]
    private static partial void LogFailed(ILogger logger, string loop, Exception exception);
}
