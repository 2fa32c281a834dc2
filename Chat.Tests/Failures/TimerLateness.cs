namespace Chat.Tests.Failures;

/// <summary>How late this process is served at the worst: the measure of a machine that has too much to do.</summary>
internal sealed class TimerLateness : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private long _longest;

    public TimerLateness() => _watching = WatchAsync();

    public TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longest));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var from = System.Diagnostics.Stopwatch.GetTimestamp();
            await Task.Delay(Tick, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var late = System.Diagnostics.Stopwatch.GetElapsedTime(from) - Tick;
            Interlocked.Exchange(ref _longest, Math.Max(late.Ticks, _longest));
        }
    }
}
