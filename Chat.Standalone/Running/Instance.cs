using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Chat.Standalone.Running;

/// <summary>
/// One process of a resource, kept as it is meant to be: started when asked, probed while it runs, started again with growing
/// pauses when it ends by itself, left alone once stopped. All changes happen in one loop, so commands never race with crashes.
/// </summary>
internal sealed partial class Instance(string id, IResource resource, int index, IRunnable runnable, ResourceNotificationService notifications,
    TimeProvider clock, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StartingInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Worrying = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ProvenAfter = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _shutdown = new();
    private readonly Lock _gate = new();
    private Task _loop = Task.CompletedTask;
    private CancellationTokenSource _stop = new();
    private bool _begun;

    public string Id { get; } = id;

    public IResource Resource { get; } = resource;

    public int Index { get; } = index;

    public IRunnable Runnable { get; } = runnable;

    public int Restarts { get; private set; }

    public string State { get; private set; } = KnownResourceStates.NotStarted;

    public bool IsRunning => State == KnownResourceStates.Running;

    public bool IsHealthy { get; private set; }

    /// <summary>Why it is not healthy, while it is not.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Started and not stopped since, whatever became of its process.</summary>
    public bool IsMeantToRun
    {
        get
        {
            lock (_gate)
            {
                return !_loop.IsCompleted && !_stop.IsCancellationRequested;
            }
        }
    }

    /// <summary>Told after every change, so that the addresses follow.</summary>
    public Action? Changed { get; set; }

    /// <summary>More about it for those who look: where it comes from, its variables. Asked at each change.</summary>
    public Func<CustomResourceSnapshot, CustomResourceSnapshot> Describe { get; set; } = s => s;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_loop.IsCompleted || _shutdown.IsCancellationRequested)
            {
                return Task.CompletedTask;
            }

            _stop = CancellationTokenSource.CreateLinkedTokenSource(_shutdown.Token);
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var stop = _stop.Token;
            _loop = Task.Run(() => KeepAsync(started, stop), CancellationToken.None);
            return started.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Done when its process is gone.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task loop;
        lock (_gate)
        {
            loop = _loop;
            _stop.Cancel();
        }

        await loop.WaitAsync(cancellationToken);
    }

    /// <summary>As if it crashed: it will be started again.</summary>
    public Task KillAsync() => Runnable.KillAsync();

    /// <summary>Stops for good.</summary>
    public Task ShutDownAsync()
    {
        _shutdown.Cancel();
        return StopAsync(CancellationToken.None);
    }

    public void Waiting(string forWhat)
    {
        LogWaiting(Id, forWhat);
        Publish(KnownResourceStates.Waiting, healthy: false, s => s with
        {
            Properties = [.. s.Properties.Where(p => p.Name != "resource.waits"), new("resource.waits", forWhat)],
        });
    }

    public void Publish() => Publish(State, IsHealthy, s => s);

    public void Dispose()
    {
        _stop.Dispose();
        _shutdown.Dispose();
    }

    private async Task KeepAsync(TaskCompletionSource started, CancellationToken stop)
    {
        var pause = TimeSpan.Zero;
        while (!stop.IsCancellationRequested)
        {
            if (_begun)
            {
                Restarts++;
            }

            _begun = true;
            Publish(KnownResourceStates.Starting, healthy: false, s => s with { StartTimeStamp = null, StopTimeStamp = null, ExitCode = null });
            var since = clock.GetTimestamp();
            try
            {
                await Runnable.StartAsync(stop);
                Publish(KnownResourceStates.Running, healthy: false, s => s with { StartTimeStamp = clock.GetUtcNow().UtcDateTime });
                started.TrySetResult();
                await ProbeUntilItEndsAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Stopped while starting.
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or System.ComponentModel.Win32Exception)
            {
                LogFailedToStart(Id, e.Message);
                Publish(KnownResourceStates.FailedToStart, healthy: false, s => s);
                started.TrySetResult();
            }

            // Ctrl+C in a terminal reaches every process at once: an end in that moment is not a crash.
            await Task.Delay(StartingInterval, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested)
            {
                break;
            }

            if (Runnable.Exited.IsCompletedSuccessfully)
            {
                var code = Runnable.Exited.Result;
                LogEnded(Id, code);
                Publish(KnownResourceStates.Exited, healthy: false,
                    s => s with { ExitCode = code, StopTimeStamp = clock.GetUtcNow().UtcDateTime });
            }

            // One that ran long enough has earned a quick restart.
            pause = clock.GetElapsedTime(since) > ProvenAfter || pause == TimeSpan.Zero
                ? TimeSpan.FromMilliseconds(500)
                : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            await Task.Delay(pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Publish(KnownResourceStates.Stopping, healthy: false, s => s);
        await Runnable.StopAsync(Grace);
        Publish(KnownResourceStates.Exited, healthy: false, s => s with
        {
            ExitCode = Runnable.Exited.IsCompletedSuccessfully ? Runnable.Exited.Result : null,
            StopTimeStamp = clock.GetUtcNow().UtcDateTime,
        });
        started.TrySetResult();
    }

    private async Task ProbeUntilItEndsAsync(CancellationToken stop)
    {
        var (unhealthySince, told) = (clock.GetTimestamp(), false);
        while (!stop.IsCancellationRequested && !Runnable.Exited.IsCompleted)
        {
            string? trouble;
            using (var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                timeout.CancelAfter(ProbeTimeout);
                try
                {
                    trouble = await Runnable.ProbeAsync(timeout.Token).WaitAsync(timeout.Token);
                }
                catch (OperationCanceledException)
                {
                    trouble = $"no answer within {ProbeTimeout.TotalSeconds:0} s";
                }
            }

            if (Runnable.Exited.IsCompleted || stop.IsCancellationRequested)
            {
                return;
            }

            if (trouble is null)
            {
                (unhealthySince, told) = (clock.GetTimestamp(), false);
            }
            else if (!told && clock.GetElapsedTime(unhealthySince) > Worrying)
            {
                told = true;
                LogUnhealthy(Id, trouble);
            }

            if (trouble is null != IsHealthy || trouble != Trouble)
            {
                Trouble = trouble;
                Publish(KnownResourceStates.Running, healthy: trouble is null, s => s);
            }

            var next = Task.Delay(IsHealthy ? Interval : StartingInterval, clock, stop);
            await Task.WhenAny(next, Runnable.Exited);
        }
    }

    private void Publish(string state, bool healthy, Func<CustomResourceSnapshot, CustomResourceSnapshot> change)
    {
        State = state;
        IsHealthy = healthy;
        Trouble = state == KnownResourceStates.Running ? Trouble : null;
        Changed?.Invoke();
        notifications.PublishUpdateAsync(Resource, Id, s =>
        {
            var changed = change(s);
            return Describe(changed with
            {
                State = state,
                HealthStatus = healthy ? HealthStatus.Healthy : state == KnownResourceStates.Running ? HealthStatus.Unhealthy : null,
                Properties =
                [
                    .. changed.Properties.Where(p => p.Name is not ("executable.pid" or "resource.restarts" or "resource.trouble")),
                    new("executable.pid", IsRunning ? Runnable.ProcessId : null),
                    new("resource.restarts", Restarts),
                    new("resource.trouble", Trouble),
                ],
            });
        });
    }

    [LoggerMessage(4101, LogLevel.Debug, "{Id} waits for {ForWhat}.")]
    private partial void LogWaiting(string id, string forWhat);

    [LoggerMessage(4102, LogLevel.Error, "{Id} did not start: {Reason}")]
    private partial void LogFailedToStart(string id, string reason);

    [LoggerMessage(4103, LogLevel.Warning, "{Id} ended by itself with exit code {ExitCode}; it is started again.")]
    private partial void LogEnded(string id, int exitCode);

    [LoggerMessage(4104, LogLevel.Warning, "{Id} has not been healthy for a minute: {Trouble}. Its log is on the dashboard.")]
    private partial void LogUnhealthy(string id, string trouble);
}
