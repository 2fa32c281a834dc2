namespace Chat.Backends;

/// <summary>50 ms doubling up to the maximum, each time between half of it and all of it, so that pods do not come in step.</summary>
internal struct Backoff(TimeSpan max)
{
    private int _attempt;

    public TimeSpan Next()
    {
        var full = Math.Min(max.TotalMilliseconds, 50 * Math.Pow(2, Math.Min(_attempt++, 20)));
        // Jitter needs no secrecy.
#pragma warning disable CA5394
        return TimeSpan.FromMilliseconds(full * (0.5 + (Random.Shared.NextDouble() / 2)));
#pragma warning restore CA5394
    }

    public void Reset() => _attempt = 0;
}
