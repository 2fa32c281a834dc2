namespace Chat.Web.Client.Connection;

/// <summary>
/// How long to wait before the next attempt: full jitter (Brooker, "Exponential Backoff And Jitter", 2015), so that ten
/// thousand browsers that lost one server do not come back at once.
/// </summary>
public sealed class Backoff(TimeSpan first, TimeSpan most, Random random)
{
    /// <summary>A wait between nothing and the bound, which doubles with every attempt.</summary>
    public TimeSpan After(int attempt)
    {
        var bound = Math.Min(most.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, 30)));
        return TimeSpan.FromMilliseconds(Math.Max(1, random.NextDouble() * bound));
    }
}
