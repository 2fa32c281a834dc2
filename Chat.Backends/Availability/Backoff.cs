namespace Chat.Backends.Availability;

/// <summary>
/// Exponential backoff with jitter: the first delay, doubled with each attempt up to the longest. Each delay is drawn between half of
/// it and all of it, so that many processes do not come back at the same moment.
/// </summary>
/// <param name="first">The first delay; zero: no delays at all.</param>
/// <param name="longest">The longest delay.</param>
public sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private int _attempts;

    /// <summary>The delay after so many attempts, from 0 on.</summary>
    public static TimeSpan After(int attempts, TimeSpan first, TimeSpan longest)
    {
        var full = Math.Min(longest.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(attempts, 30)));
        return TimeSpan.FromMilliseconds(full * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    /// <summary>The next delay.</summary>
    public TimeSpan Next() => After(_attempts++, first, longest);

    /// <summary>Begins with the first delay again.</summary>
    public void Reset() => _attempts = 0;

    /// <summary>Waits for the next delay; ends early, without an exception, when cancelled.</summary>
    public async Task WaitAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(time);
        await Task.Delay(Next(), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
