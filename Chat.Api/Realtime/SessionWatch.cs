using Chat.Api.Auth;
using Chat.Backends;

namespace Chat.Api.Realtime;

/// <summary>
/// Looks every half minute, and after every interruption of the path between the pods, whether the sessions behind the open connections
/// still hold, so that they close also when no path brought the word.
/// </summary>
internal sealed partial class SessionWatch(Connections connections, Sessions sessions, PodBridge bridge, SessionDoubts doubts, ILogger<SessionWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await doubts.WaitAsync(Interval, stoppingToken);
            foreach (var session in connections.All().GroupBy(c => c.SessionId))
            {
                try
                {
                    if (await sessions.FindAsync(session.Key, stoppingToken) is null)
                    {
                        await Task.WhenAll(session.Select(bridge.EndAsync));
                    }
                }
                catch (BackendUnavailableException away)
                {
                    LogAway(away.Backend);
                }
            }
        }
    }

    [LoggerMessage(1320, LogLevel.Warning, "Sessions cannot be checked: {Backend} is away")]
    private partial void LogAway(string backend);
}
