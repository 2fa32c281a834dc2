using Chat.Api.Auth;
using Chat.Backends;

namespace Chat.Api.Realtime;

/// <summary>
/// Checks the sessions behind the open connections every half minute, and after every interruption of the path between the pods, so
/// that connections close even when no event told of the end of their session.
/// </summary>
internal sealed partial class SessionWatch(
    Connections connections, Sessions sessions, PodBridge bridge, RecheckSignal recheck, TimeProvider time, ILogger<SessionWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        ResilientLoop.RunAsync(nameof(SessionWatch), WatchAsync, time, logger, stoppingToken);

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await recheck.WaitAsync(Interval, stoppingToken);
            foreach (var session in connections.All().GroupBy(c => c.SessionId))
            {
                try
                {
                    if (await sessions.FindAsync(session.Key, stoppingToken) is null)
                    {
                        await Task.WhenAll(session.Select(bridge.EndAsync));
                    }
                }
                catch (BackendUnavailableException unavailable)
                {
                    LogUnavailable(unavailable.Backend);
                }
                catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
                {
                    // One unreadable session must not keep the others from being checked.
                    LogFailed(e);
                }
            }
        }
    }

    [LoggerMessage(1320, LogLevel.Warning, "Sessions cannot be checked: {Backend} is unavailable")]
    private partial void LogUnavailable(string backend);

    [LoggerMessage(1321, LogLevel.Error, "A session could not be checked")]
    private partial void LogFailed(Exception exception);
}
