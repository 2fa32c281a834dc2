using Chat.Backends.Saving;
using Chat.ServiceDefaults;

namespace Chat.Api.Messages;

/// <summary>
/// Whether messages have been waiting to be saved for longer than saving takes. While that is so the archive alone proves nothing
/// about recent times. A queue that cannot be asked is what it was when it last answered.
/// </summary>
public sealed class SaveBacklog(ISaveQueue queue, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(2);

    /// <summary>From a message's time until it is in the queue, or saved without it.</summary>
    private static readonly TimeSpan Accepting = TimeSpan.FromMilliseconds(500);
    private long _emptyAt;
    private long _savedUntil;
    private long _count = -1;

    /// <summary>True also before the queue has ever been asked.</summary>
    public bool Exists => Volatile.Read(ref _count) != 0 && (Volatile.Read(ref _emptyAt) is var at && (at == 0 || time.GetElapsedTime(at) > Usual));

    /// <summary>Whether the queue answered when it was last asked.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>
    /// What was sent and accepted before this time is saved: a moment later nothing waited. <see cref="DateTimeOffset.MinValue"/> before that was ever seen.
    /// </summary>
    public DateTimeOffset SavedUntil => new(Volatile.Read(ref _savedUntil), TimeSpan.Zero);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Telemetry.Meter.CreateObservableGauge("chat.save_queue.count", () => Math.Max(Volatile.Read(ref _count), 0));
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            var asked = time.GetUtcNow();
            var count = await queue.CountAsync(stoppingToken);
            IsKnown = count is not null;
            if (count is { } known)
            {
                Volatile.Write(ref _count, known);
                if (known == 0)
                {
                    Volatile.Write(ref _emptyAt, time.GetTimestamp());
                    Volatile.Write(ref _savedUntil, (asked - Accepting).UtcTicks);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
