using Chat.Backends.Availability;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Backends.Availability;

public sealed class CircuitTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly FakeTimeProvider _time = new();
    private readonly SemaphoreSlim _pinged = new(0);
    private readonly SemaphoreSlim _probed = new(0);
    private Circuit _circuit = null!;
    private volatile bool _answersPings = true;
    private volatile bool _answersProbes;
    private int _openings;
    private CircuitSettings _settings = null!;

    public ValueTask InitializeAsync()
    {
        Create(new CircuitSettings
        {
            Backend = "test",
            Classify = e => (e as TestException)?.Verdict ?? Verdict.Bug,
            MeansLost = e => e is TestException { Lost: true },
            Limit = TimeSpan.FromSeconds(1),
            MinimumThroughput = 4,
            MaxProbeDelay = TimeSpan.FromSeconds(1),
            PingAsync = PingAsync,
            ProbeAsync = ProbeAsync,
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _circuit.DisposeAsync();

    [Fact]
    public async Task One_call_that_takes_too_long_does_not_open_it_while_a_ping_is_answered()
    {
        await FailAsync(Verdict.Busy);
        Assert.True(await _pinged.WaitAsync(Eventually.Patience));

        Assert.True(_circuit.IsClosed);
        Assert.True((await CallAsync()).Failure is null);
    }

    [Fact]
    public async Task One_call_that_takes_too_long_opens_it_when_a_ping_is_not_answered_either()
    {
        _answersPings = false;
        await FailAsync(Verdict.Busy);

        await Eventually.IsTrueAsync(() => _circuit.IsOpen, "it is open");
        var made = false;
        Assert.Null((await _circuit.TryAsync(() => Task.FromResult(made = true), None)).Error);
        Assert.False(made);
    }

    [Theory]
    [InlineData(Verdict.Contended)]
    [InlineData(Verdict.Refused)]
    [InlineData(Verdict.WrongData)]
    [InlineData(Verdict.Bug)]
    public async Task What_concerns_one_call_never_opens_it(Verdict verdict)
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(verdict, (await FailAsync(verdict)).Failure);
        }

        Assert.True(_circuit.IsClosed);
    }

    [Theory]
    [InlineData(Verdict.Unavailable)]
    [InlineData(Verdict.Busy)]
    public async Task It_opens_when_most_calls_of_a_while_fail(Verdict verdict)
    {
        for (var i = 0; i < 10; i++)
        {
            await CallAsync();
            await CallAsync();
            await FailAsync(verdict);
        }

        Assert.True(_circuit.IsClosed);
        // What was long ago does not count.
        _time.Advance(TimeSpan.FromSeconds(3));
        for (var i = 0; i < 4; i++)
        {
            await FailAsync(verdict);
        }

        Assert.True(_circuit.IsOpen);
    }

    [Fact]
    public async Task A_lost_connection_opens_it_at_once_and_a_probe_closes_it()
    {
        await LoseAsync();
        Assert.True(_circuit.IsOpen);
        Assert.True(await _probed.WaitAsync(Eventually.Patience));
        Assert.True(_circuit.IsOpen);

        _answersProbes = true;
        await ClosesAsync();
        Assert.Null((await CallAsync()).Failure);
        Assert.Equal(1, _openings);
    }

    [Fact]
    public async Task A_call_its_caller_gave_up_counts_as_nothing()
    {
        using var givenUp = new CancellationTokenSource();
        await givenUp.CancelAsync();
        for (var i = 0; i < 50; i++)
        {
            await Assert.ThrowsAsync<OperationCanceledException>(
                () => _circuit.TryAsync<int>(() => throw new OperationCanceledException(givenUp.Token), givenUp.Token).AsTask());
        }

        Assert.True(_circuit.IsClosed);
        for (var i = 0; i < 4; i++)
        {
            await FailAsync(Verdict.Unavailable);
        }

        Assert.True(_circuit.IsOpen);
    }

    [Fact]
    public async Task Calls_that_began_before_it_opened_say_nothing_about_now()
    {
        var late = new TaskCompletionSource<int>();
        var calls = Enumerable.Range(0, 10).Select(_ => _circuit.TryAsync(() => late.Task, None).AsTask()).ToList();
        _answersProbes = true;
        await LoseAsync();
        await ClosesAsync();

        late.SetException(new TestException(Verdict.Unavailable) { Lost = true });
        Assert.All(await Task.WhenAll(calls), a => Assert.Equal(Verdict.Unavailable, a.Failure));
        Assert.True(_circuit.IsClosed);
    }

    [Fact]
    public async Task Opened_by_ratio_one_call_at_a_time_is_let_through_until_one_succeeds()
    {
        await DisposeAsync();
        Create(_settings with { HalfOpens = true });
        _answersProbes = true;
        await OpenByRatioAsync();
        await Eventually.IsTrueAsync(() => !_circuit.IsOpen, "the probe is answered");

        Assert.False(_circuit.IsClosed);
        var trial = new TaskCompletionSource<int>();
        var first = _circuit.TryAsync(() => trial.Task, None).AsTask();
        Assert.Null((await CallAsync()).Error);
        Assert.Equal(Verdict.Unavailable, (await CallAsync()).Failure);
        trial.SetException(new TestException(Verdict.Busy));
        await first;
        Assert.Equal(2, _openings);

        await Eventually.IsTrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return !_circuit.IsOpen;
            },
            "the probe is answered again");
        Assert.Null((await CallAsync()).Failure);
        Assert.True(_circuit.IsClosed);
    }

    [Fact]
    public async Task What_opens_again_soon_is_probed_after_a_delay()
    {
        _answersProbes = true;
        await LoseAsync();
        await ClosesAsync();
        var probes = _probed.CurrentCount;

        await LoseAsync();
        Assert.True(_circuit.IsOpen);
        Assert.Equal(probes, _probed.CurrentCount);
        await Eventually.IsTrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(50));
                return _circuit.IsClosed;
            },
            "it is closed again");
    }

    [Fact]
    public async Task What_is_recorded_on_opening_is_seen_by_the_condition_of_closing()
    {
        var missed = false;
        Task<bool> ProbeAsync(Circuit circuit, CancellationToken stopping) => Task.FromResult(circuit.TryClose(() => !missed));
        await DisposeAsync();
        Create(_settings with { ProbeAsync = ProbeAsync });

        _circuit.Open("something was missed", () => missed = true);
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(_circuit.IsOpen);
        }

        lock (_circuit.Sync)
        {
            missed = false;
        }

        await ClosesAsync();
    }

    private void Create(CircuitSettings settings)
    {
        _settings = settings;
        _circuit = new Circuit(settings, _time, NullLogger.Instance);
        _circuit.Opened += () => Interlocked.Increment(ref _openings);
    }

    private ValueTask<Attempt<int>> CallAsync() => _circuit.TryAsync(() => Task.FromResult(1), None);

    private ValueTask<Attempt<int>> FailAsync(Verdict verdict) => _circuit.TryAsync<int>(() => throw new TestException(verdict), None);

    private async Task LoseAsync() =>
        await _circuit.TryAsync<int>(() => throw new TestException(Verdict.Unavailable) { Lost = true }, None);

    private async Task OpenByRatioAsync()
    {
        for (var i = 0; i < _settings.MinimumThroughput; i++)
        {
            await FailAsync(Verdict.Unavailable);
        }

        Assert.Equal(1, _openings);
    }

    private Task ClosesAsync() => Eventually.IsTrueAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return _circuit.IsClosed;
        },
        "it is closed");

    private Task<bool> PingAsync(CancellationToken stopping)
    {
        _pinged.Release();
        return Task.FromResult(_answersPings);
    }

    private Task<bool> ProbeAsync(Circuit circuit, CancellationToken stopping)
    {
        _probed.Release();
        return Task.FromResult(_answersProbes && circuit.TryClose());
    }

    private sealed class TestException(Verdict verdict) : Exception
    {
        public Verdict Verdict => verdict;

        public bool Lost { get; init; }
    }
}
