using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;

namespace Chat.Backends.Availability;

/// <summary>
/// The circuit breaker of one backing service in this process. Polly's breaker counts the outcomes; this class adds what our services
/// need: every call answers at once while the circuit is open, a lost connection opens it at once, and a probe in the background, not
/// somebody's call, finds out when it can be closed.
/// <list type="table">
/// <item>
/// <term><see cref="Verdict.Unavailable"/></term>
/// <description>opens the circuit: at once where the connection is lost, else by ratio</description>
/// </item>
/// <item>
/// <term><see cref="Verdict.Busy"/></term>
/// <description>opens it by ratio; a single one only when a ping is not answered either</description>
/// </item>
/// <item><term>any other</term><description>counts as an answer</description></item>
/// </list>
/// </summary>
internal sealed partial class Circuit : IAsyncDisposable
{
    private const double FailureRatio = 0.5;
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(0.5);
    private readonly CircuitSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Backoff _backoff;
    private readonly CircuitBreakerManualControl _control;
    private readonly CircuitBreakerStateProvider _counted = new();
    private readonly ResiliencePipeline<bool> _counter;
    private volatile State _state;
    private Task? _probing;
    private long? _answeredAt;
    private bool _probesAtOnce = true;
    private int _generation;
    private int _trying;
    private int _pinging;
    private int _disposed;
    private bool _openedByRatio;

    public Circuit(CircuitSettings settings, TimeProvider time, ILogger logger)
    {
        _settings = settings;
        _time = time;
        _logger = logger;
        _backoff = new Backoff(settings.ProbeDelay, settings.MaxProbeDelay);
        _state = settings.StartsOpen ? State.Open : State.Closed;
        _control = new CircuitBreakerManualControl(isIsolated: settings.StartsOpen);
        // The probe closes the circuit, so the time after which Polly would let a call through does not matter.
        _counter = new ResiliencePipelineBuilder<bool> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<bool>
            {
                ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Result),
                FailureRatio = FailureRatio,
                MinimumThroughput = settings.MinimumThroughput,
                SamplingDuration = settings.Limit * 2 > ShortestWindow ? settings.Limit * 2 : ShortestWindow,
                ManualControl = _control,
                StateProvider = _counted,
            })
            .Build();
    }

    private enum State
    {
        Closed,

        /// <summary>One call at a time, until one succeeds.</summary>
        HalfOpen,

        Open,
    }

    /// <summary>Raised when the circuit opens, outside its lock, before the first probe.</summary>
    public event Action? Opened;

    /// <summary>Held while the state changes, and while <c>Open</c> and <see cref="TryClose"/> run what they are given.</summary>
    public Lock Sync { get; } = new();

    /// <summary>True where any number of calls may be made.</summary>
    public bool IsClosed => _state == State.Closed;

    /// <summary>True where calls are answered at once with a refusal.</summary>
    public bool IsOpen => _state == State.Open;

    /// <summary>Makes the call where the circuit allows it. Throws only when the caller cancels.</summary>
    public async ValueTask<Attempt<T>> TryAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        if (!TryEnter(out var permit))
        {
            return Attempt<T>.Rejected;
        }

        try
        {
            var result = await call();
            Leave(permit, null);
            return new Attempt<T>(result);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Leave(permit);
            throw;
        }
#pragma warning disable CA1031 // The driver's table says what each means; the caller gets it back.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var verdict = _settings.Classify(e);
            Leave(permit, verdict);
            if (_settings.MeansLost(e) && permit.Generation == Volatile.Read(ref _generation))
            {
                Open(e.GetType().Name);
            }

            return new Attempt<T>(verdict, e);
        }
    }

    /// <summary>True where a call may be made now; its end is to be told by one of the <c>Leave</c> methods.</summary>
    public bool TryEnter(out Permit permit)
    {
        permit = new Permit(Volatile.Read(ref _generation), IsTrial: false);
        switch (_state)
        {
            case State.Closed:
                return true;
            case State.HalfOpen when Interlocked.CompareExchange(ref _trying, 1, 0) == 0:
                permit = permit with { IsTrial = true };
                return true;
            case State.HalfOpen:
                return false;
            default:
                EnsureProbing();
                return false;
        }
    }

    /// <summary>Nobody knows how the call would have ended: its caller gave it up.</summary>
    public void Leave(Permit permit)
    {
        if (permit.IsTrial)
        {
            Volatile.Write(ref _trying, 0);
        }
    }

    /// <summary>Counts the call; null: it succeeded. One that began before the circuit opened last says nothing about now.</summary>
    public void Leave(Permit permit, Verdict? verdict)
    {
        var failed = verdict is Verdict.Unavailable or Verdict.Busy;
        if (permit.Generation == Volatile.Read(ref _generation))
        {
            if (permit.IsTrial)
            {
                EndTrial(failed);
            }
            else if (Count(failed))
            {
                Open("most calls failed", byRatio: true, record: null);
            }
            else if (verdict is Verdict.Busy && Interlocked.CompareExchange(ref _pinging, 1, 0) == 0)
            {
                _ = Background.Run(PingAsync);
            }
        }

        Leave(permit);
    }

    /// <summary>Opens the circuit now. <paramref name="record"/> runs first, under the lock, also where it is open already.</summary>
    public void Open(string reason, Action? record = null) => Open(reason, byRatio: false, record);

    /// <summary>For the probe. <paramref name="condition"/> is asked under the lock; false: the circuit stays open.</summary>
    public bool TryClose(Func<bool>? condition = null)
    {
        lock (Sync)
        {
            if (condition?.Invoke() == false)
            {
                return false;
            }

            _answeredAt = _time.GetTimestamp();
            if (_openedByRatio && _settings.HalfOpens)
            {
                Volatile.Write(ref _trying, 0);
                _state = State.HalfOpen;
            }
            else
            {
                Close();
            }
        }

        return true;
    }

    /// <summary>Starts probing where the circuit is open and nobody probes.</summary>
    public void EnsureProbing()
    {
        lock (Sync)
        {
            if (_state == State.Open && !_stop.IsCancellationRequested && _probing is null or { IsCompleted: true })
            {
                _probing = Background.Run(ProbeAsync);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _stop.CancelAsync();
        Task? probing;
        lock (Sync)
        {
            probing = _probing;
        }

        if (probing is not null)
        {
            await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Open(string reason, bool byRatio, Action? record)
    {
        lock (Sync)
        {
            record?.Invoke();
            if (_state == State.Open || _stop.IsCancellationRequested)
            {
                return;
            }

            _settings.WhenOpening();
            _openedByRatio = byRatio;
            _state = State.Open;
            _generation++;
            // Soon after the last answer the probe waits, each time longer: a service that comes and goes is not probed all the time.
            _probesAtOnce = _answeredAt is null || _time.GetElapsedTime(_answeredAt.Value) > _settings.MaxProbeDelay;
            if (_probesAtOnce)
            {
                _backoff.Reset();
            }

            _ = _control.IsolateAsync(CancellationToken.None);
            // The last probe may still be telling that it closed the circuit.
            _probing = null;
        }

        LogOpened(_logger, _settings.Backend, reason);
        Opened?.Invoke();
        EnsureProbing();
    }

    private void Close()
    {
        _state = State.Closed;
        LogClosed(_logger, _settings.Backend);
        _ = _control.CloseAsync(CancellationToken.None);
    }

    private void EndTrial(bool failed)
    {
        if (failed)
        {
            Open("a trial call failed", byRatio: true, record: null);
            return;
        }

        lock (Sync)
        {
            if (_state == State.HalfOpen)
            {
                Close();
            }
        }
    }

    /// <summary>
    /// True when Polly's breaker opened. It is told the outcome afterwards, so that a call its caller gave up counts as neither.
    /// </summary>
    private bool Count(bool failed)
    {
        try
        {
            _counter.Execute(static (bool f) => f, failed);
        }
        catch (BrokenCircuitException)
        {
            return false;
        }

        return failed && _counted.CircuitState == CircuitState.Open;
    }

    private async Task PingAsync()
    {
        var generation = Volatile.Read(ref _generation);
        var answered = false;
        try
        {
            answered = await _settings.PingAsync(_stop.Token);
        }
#pragma warning disable CA1031 // Whatever it is: no answer.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogProbeFailed(_logger, _settings.Backend, e.GetType().Name);
        }
        finally
        {
            Volatile.Write(ref _pinging, 0);
        }

        if (!answered && generation == Volatile.Read(ref _generation))
        {
            Open("a call took too long and a ping is not answered");
        }
    }

    private async Task ProbeAsync()
    {
        for (var waits = !_probesAtOnce; !_stop.IsCancellationRequested; waits = true)
        {
            if (waits)
            {
                await _backoff.WaitAsync(_time, _stop.Token);
            }

            try
            {
                if (await _settings.ProbeAsync(this, _stop.Token))
                {
                    return;
                }
            }
            catch (Exception e) when (_settings.Classify(e) is Verdict.Unavailable or Verdict.Busy)
            {
                LogProbeFailed(_logger, _settings.Backend, e.GetType().Name);
            }
#pragma warning disable CA1031 // Whatever it is, ending here would leave the process without the service for good.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogProbeRefused(_logger, e, _settings.Backend);
            }
        }
    }

    [LoggerMessage(2011, LogLevel.Warning, "{Backend} circuit opened: {Reason}")]
    private static partial void LogOpened(ILogger logger, string backend, string reason);

    [LoggerMessage(2012, LogLevel.Information, "{Backend} circuit closed")]
    private static partial void LogClosed(ILogger logger, string backend);

    [LoggerMessage(2013, LogLevel.Debug, "{Backend} does not answer a probe: {Error}")]
    private static partial void LogProbeFailed(ILogger logger, string backend, string error);

    [LoggerMessage(2014, LogLevel.Warning, "Probing {Backend} failed unexpectedly; it is probed again")]
    private static partial void LogProbeRefused(ILogger logger, Exception e, string backend);

    /// <summary>Leave to make one call.</summary>
    public readonly record struct Permit(int Generation, bool IsTrial);
}
