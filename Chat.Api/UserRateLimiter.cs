using System.Threading.RateLimiting;

namespace Chat.Api;

/// <summary>
/// How often one user may do something through this pod: a token bucket a user, full at first.
/// </summary>
/// <param name="burst">How often at once; at least 1.</param>
/// <param name="interval">After how long one more is allowed; positive.</param>
public class UserRateLimiter(int burst, TimeSpan interval) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _limiter = PartitionedRateLimiter.Create<string, string>(username =>
        RateLimitPartition.GetTokenBucketLimiter(username, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = interval,
            QueueLimit = 0,
            AutoReplenishment = true,
        }));

    /// <summary>Takes one from what the user may do now; false when nothing is left.</summary>
    public bool MayGo(string username)
    {
        using var lease = _limiter.AttemptAcquire(username);
        return lease.IsAcquired;
    }

    public void Dispose()
    {
        _limiter.Dispose();
        GC.SuppressFinalize(this);
    }
}
