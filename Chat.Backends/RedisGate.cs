using Chat.Backends.Availability;
using Chat.Backends.Recent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>
/// Every call to Redis goes through here: it is limited in time, and while Redis cannot be used every call answers at once. Redis is
/// not used from the moment that the connection is lost, a vital call (appending) is not confirmed, or most calls fail, until a probe
/// in the background is answered and what was missed has been made up for (<see cref="Circuit"/>).
/// <para>
/// That is what ends epochs: <see cref="Since"/> is the time of the last reopening by Redis' own clock (of a cluster the fastest), and an
/// epoch that began before is not this process's any more. An error that concerns one room's keys interrupts nothing and is thrown.
/// </para>
/// </summary>
public sealed partial class RedisGate : IHostedService, IAsyncDisposable
{
    /// <summary>The longest that a call may take in a process that is itself late, unless the configured limit is longer.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(1);

    private readonly RedisConnection _connection;
    private readonly RecentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisGate> _logger;
    private readonly Circuit _circuit;
    private readonly TimeSpan _longestCall;
    private readonly FairLimit _limit;
    private readonly RedisPipeline _pipeline;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _openedOnce = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _interrupted;
    private int _disposed;

    public RedisGate(RedisConnection connection, IOptions<RecentOptions> options, TimeProvider time, ILogger<RedisGate> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _connection = connection;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _longestCall = _options.Timeout > LongestCall ? _options.Timeout : LongestCall;
        _limit = new FairLimit(_options.Timeout, _longestCall, time);
        _circuit = new Circuit(
            new CircuitSettings
            {
                Backend = "Redis",
                Classify = RedisErrors.Classify,
                MeansLost = RedisErrors.MeansLost,
                ProbeAsync = ProbeAsync,
                PingAsync = PingAsync,
                WhenOpening = () => _interrupted = true,
                Limit = _options.Timeout,
                ProbeDelay = _options.MaxProbeDelay / 10,
                MaxProbeDelay = _options.MaxProbeDelay,
                StartsOpen = true,
            },
            time,
            logger);
        _circuit.Opened += OnClosed;
        _pipeline = new RedisPipeline(_options.Timeout, time);
    }

    /// <summary>Whether Redis is used at present.</summary>
    public bool IsOpen => _circuit.IsClosed;

    /// <summary>Unix milliseconds; 0 while nothing was ever interrupted.</summary>
    public long Since { get; private set; }

    /// <summary>Redis is not used any more; not raised before the first opening.</summary>
    public event Action? Closed;

    /// <summary>Redis is used again after an interruption.</summary>
    public event Action? Reopened;

    /// <summary>
    /// Makes up for what was missed, before the gate opens; false: Redis failed meanwhile. It is called again until nothing is left.
    /// </summary>
    internal Func<IDatabase, CancellationToken, Task<bool>>? MakeUpAsync { get; set; }

    /// <summary>Whether something waits to be made up for; asked under the gate's lock.</summary>
    internal Func<bool>? HasMissed { get; set; }

    /// <summary>Waits for the first answer, at most <see cref="RecentOptions.StartTimeout"/>.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _circuit.EnsureProbing();
        _ = WatchAsync();
        try
        {
            await _openedOnce.Task.WaitAsync(_options.StartTimeout, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            LogStartsWithout(e);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// The call's result, or the default and false when Redis did not do it now. <paramref name="vital"/>: unless it is confirmed, Redis is
    /// not used until that was made up for. What concerns this call alone, a key of the wrong type for example, is thrown.
    /// </summary>
    public async ValueTask<(bool Done, T? Result)> TryAsync<T>(Func<IDatabase, Task<T>> call, bool vital = false)
    {
        var attempt = await _circuit.TryAsync(
            async () => await LimitAsync((await _connection.ClientAsync()).GetDatabase(), call), CancellationToken.None);
        if (attempt.Error is { } error)
        {
            Failed(error);
            attempt.ThrowIfOwnFault();
            if (vital)
            {
                Close("a vital call was not confirmed");
            }
        }

        return (attempt.Failure is null, attempt.Result);
    }

    /// <summary>
    /// Like <see cref="TryAsync"/>, for a call that consists of one command or script. It goes out together with others that come at the
    /// same time, in the order in which they came (<see cref="RedisPipeline"/>).
    /// </summary>
    internal ValueTask<(bool Done, RedisResult? Result)> TryPipelinedAsync(
        Func<IDatabaseAsync, Task<RedisResult>> call, bool vital = false) =>
        TryAsync(database => _pipeline.CallAsync(database, call), vital);

    /// <summary>
    /// Records that something could not be done. <paramref name="record"/> runs under the gate's lock, so that no opening overtakes it.
    /// </summary>
    internal void Miss(Action record) => _circuit.Open("a message or change was missed", () =>
    {
        record();
        _interrupted = true;
    });

    /// <summary>One call, limited in time, whether or not Redis is used; false where Redis did not do it now.</summary>
    internal async Task<(bool Done, T? Result)> CallAsync<T>(IDatabase database, Func<IDatabase, Task<T>> call)
    {
        try
        {
            return (true, await LimitAsync(database, call));
        }
        catch (Exception e) when (IsAway(e))
        {
            Failed(e);
            return (false, default);
        }
    }

    /// <summary>Whether Redis did not do it now, for whatever reason, rather than that the call itself was wrong.</summary>
    internal static bool IsAway(Exception e) => RedisErrors.Classify(e) is not (Verdict.WrongData or Verdict.Bug);

    public async ValueTask DisposeAsync()
    {
        // The container disposes it twice: as itself and as a hosted service.
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _circuit.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task<T> LimitAsync<T>(IDatabase database, Func<IDatabase, Task<T>> call)
    {
        var task = call(database);
        try
        {
            return await _limit.WaitAsync(task);
        }
        catch (TimeoutException)
        {
            // It may still fail later, with nobody there to see it.
            _ = task.ContinueWith(
                static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }

    private void Failed(Exception e)
    {
        RedisMetrics.Failures.Add(1, new KeyValuePair<string, object?>("verdict", RedisErrors.Classify(e).ToString()));
        LogCallFailed(e.GetType().Name);
    }

    private void Close(string reason) => _circuit.Open(reason, () => _interrupted = true);

    private void OnClosed()
    {
        RedisMetrics.Interruptions.Add(1);
        Closed?.Invoke();
    }
}
