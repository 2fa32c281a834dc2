using Chat.Api.Realtime;
using Microsoft.Extensions.Options;

namespace Chat.Api.Stopping;

/// <summary>
/// The first half of stopping, in which everything still works but nothing new begins: the pod is not ready any more, takes no new socket,
/// and closes those that it has one after the other, each when it has had its answers, with SignalR's word that reconnecting is welcome. The
/// clients' messages reach them until the very moment, so what a client notices is one connection's making.
/// </summary>
public sealed partial class Draining(
    Connections connections, CallsInFlight calls, IOptions<DrainOptions> options, TimeProvider time, ILogger<Draining> logger)
    : IHostedLifecycleService
{
    /// <summary>How often is looked for what came late and for what has gone.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private Task? _drained;
    private int _requests;

    /// <summary>From now on no socket is taken and the pod is not ready.</summary>
    public bool Began => Volatile.Read(ref _drained) is not null;

    /// <summary>
    /// A request of the hub's transports, which ends when the last word is out: a WebSocket's with its closing handshake. The connection
    /// itself ends before, and who stopped the host then would cut off what is still on its way.
    /// </summary>
    public async Task WithRequestAsync(Func<Task> request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Interlocked.Increment(ref _requests);
        try
        {
            await request();
        }
        finally
        {
            Interlocked.Decrement(ref _requests);
        }
    }

    /// <summary>Begins with the first call; done when no socket is left or the time is over. Called again it waits for the same.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            return _drained ??= Task.Run(RunAsync);
        }
    }

    /// <summary>For who stops the host without a signal; before anything else ends.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => DrainAsync().WaitAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RunAsync()
    {
        LogBegins(connections.Count);
        var spread = options.Value.SpreadOf(connections.Count);
        using var limit = new CancellationTokenSource(options.Value.Limit, time);
        var closing = new HashSet<Connection>();
        try
        {
            // A socket whose handshake was taken before may be counted only now.
            while (connections.Count > 0 || Volatile.Read(ref _requests) > 0)
            {
                foreach (var connection in connections.All().Where(closing.Add))
                {
                    _ = CloseAsync(connection, spread, limit.Token);
                }

                await Task.Delay(Glance, time, limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            LogLeft(connections.Count);
        }
    }

    private async Task CloseAsync(Connection connection, TimeSpan spread, CancellationToken limit)
    {
        try
        {
            await Task.Delay(spread * Random.Shared.NextDouble(), time, limit);
            await calls.NoneOfAsync(connection.Id).WaitAsync(limit);
            // An answer that was written at once, before anybody could wait for it, may be a step behind.
            await Task.Delay(Glance, time, limit);
        }
        catch (OperationCanceledException)
        {
            // Whatever it waits for has had its time.
        }

        connection.AskToReconnect();
    }

    [LoggerMessage(1500, LogLevel.Information, "Told to end: no new sockets; {Open} are asked to reconnect")]
    private partial void LogBegins(int open);

    [LoggerMessage(1501, LogLevel.Warning, "{Open} sockets were still open when the time for them was over")]
    private partial void LogLeft(int open);
}
