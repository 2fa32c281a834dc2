using System.Threading.RateLimiting;

namespace Chat.Api;

/// <summary>How often one user may do something through this pod: a token bucket for each user.</summary>
/// <param name="limit">The size of the buckets, and how fast they fill.</param>
public class UserRateLimiter(RateLimit limit) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _limiter = PartitionedRateLimiter.Create<string, string>(username =>
        RateLimitPartition.GetTokenBucketLimiter(username, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = limit.Burst,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1 / limit.PerSecond),
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
