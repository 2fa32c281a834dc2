using System.Threading.RateLimiting;
using Chat.Contracts;

namespace Chat.Api.Messages;

/// <summary>How fast one user may send through this pod.</summary>
public sealed class SendRateLimiter : IDisposable
{
    private readonly PartitionedRateLimiter<string> _limiter = PartitionedRateLimiter.Create<string, string>(username =>
        RateLimitPartition.GetTokenBucketLimiter(username, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Limits.SendBurst,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1.0 / Limits.SendsPerSecond),
            QueueLimit = 0,
            AutoReplenishment = true,
        }));

    public bool MayGo(string username)
    {
        using var lease = _limiter.AttemptAcquire(username);
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();
}
