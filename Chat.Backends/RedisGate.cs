using Chat.Backends.Recent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>
/// Whether Redis is used at present, for the whole process. It closes when the connection is lost, when a vital call
/// (appending) fails or takes too long, or when two calls in a row do; while closed every call answers at once. A
/// background probe opens it again, after what was missed has been made up for.
/// <para>
/// Closing is what ends epochs: <see cref="Since"/> is the time of the last opening by Redis' own clock (of a cluster the
/// fastest), and an epoch that began before is not this process's any more.
/// </para>
/// </summary>
public sealed partial class RedisGate(
    RedisConnection connection, IOptions<RecentOptions> options, TimeProvider time, ILogger<RedisGate> logger) : IHostedService, IAsyncDisposable
{
    private const int AllSlots = 16_384;
    private static readonly string[] NotNow =
        ["LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TRYAGAIN", "MOVED", "BUSY", "OOM", "MISCONF", "Endpoint"];

    private readonly Lock _sync = new();
    private readonly CancellationTokenSource _stopping = new();
    private int _disposed;
    private readonly TaskCompletionSource _openedOnce = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _opening;
    private volatile bool _isOpen;
    private bool _interrupted;
    private int _failuresInARow;

    public bool IsOpen => _isOpen;

    /// <summary>Unix milliseconds; 0 while nothing was ever interrupted.</summary>
    public long Since { get; private set; }

    /// <summary>On closing; not before the first opening.</summary>
    public event Action? Closed;

    /// <summary>On opening after an interruption.</summary>
    public event Action? Reopened;

    /// <summary>Makes up for what was missed, before the gate opens; false: Redis failed meanwhile. Called again until nothing is left.</summary>
    internal Func<IDatabase, CancellationToken, Task<bool>>? MakeUpAsync { get; set; }

    /// <summary>Whether something waits to be made up for; asked under the gate's lock.</summary>
    internal Func<bool>? HasMissed { get; set; }

    /// <summary>Waits for the first answer, but not long.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        EnsureOpening();
        _ = WatchAsync();
        try
        {
            await _openedOnce.Task.WaitAsync(options.Value.StartTimeout, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            LogAway(e);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// The call's result, or the default and false when it could not be made in time. <paramref name="vital"/>: its failure closes the gate.
    /// What is not an absent server is thrown.
    /// </summary>
    public async ValueTask<(bool Done, T? Result)> TryAsync<T>(Func<IDatabase, Task<T>> call, bool vital = false)
    {
        if (!_isOpen)
        {
            EnsureOpening();
            return (false, default);
        }

        var result = await CallAsync((await connection.ClientAsync()).GetDatabase(), call);
        if (result.Done)
        {
            _failuresInARow = 0;
        }
        else if (vital || Interlocked.Increment(ref _failuresInARow) >= 2)
        {
            Close();
        }

        return result;
    }

    /// <summary>Records that something could not be done; <paramref name="record"/> runs under the gate's lock, so that no opening overtakes it.</summary>
    internal void Miss(Action record)
    {
        lock (_sync)
        {
            record();
            _interrupted = true;
        }

        Close();
    }

    /// <summary>One call, bounded; false where the server is away.</summary>
    internal async Task<(bool Done, T? Result)> CallAsync<T>(IDatabase database, Func<IDatabase, Task<T>> call)
    {
        Task<T>? task = null;
        try
        {
            task = call(database);
            return (true, await task.WaitAsync(options.Value.Timeout, time));
        }
        catch (Exception e) when (IsAway(e))
        {
            RedisMetrics.Failures.Add(1);
            LogCallFailed(e.GetType().Name);
            // It may still fail later, with nobody there to see it.
            _ = task?.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return (false, default);
        }
    }

    internal static bool IsAway(Exception e) => e switch
    {
        // Cancelled: the client does that to what it had not sent yet; nobody gives it a token.
        RedisConnectionException or RedisTimeoutException or TimeoutException or ObjectDisposedException or OperationCanceledException => true,
        // Answers of a server that is starting, failing over or full: not now.
        RedisServerException s => NotNow.Any(code => s.Message.StartsWith(code, StringComparison.Ordinal)),
        _ => false,
    };

    public async ValueTask DisposeAsync()
    {
        // The container disposes it twice: as itself and as a hosted service.
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _stopping.CancelAsync();
        if (_opening is { } opening)
        {
            await opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stopping.Dispose();
    }

    private void Close()
    {
        lock (_sync)
        {
            _interrupted = true;
            if (!_isOpen)
            {
                return;
            }

            _isOpen = false;
            _opening = null;
        }

        RedisMetrics.Interruptions.Add(1);
        LogClosed();
        Closed?.Invoke();
        EnsureOpening();
    }

    private void EnsureOpening()
    {
        lock (_sync)
        {
            if (!_isOpen && !_stopping.IsCancellationRequested && _opening is null or { IsCompleted: true })
            {
                _opening = Background.Run(OpenAsync);
            }
        }
    }
}
