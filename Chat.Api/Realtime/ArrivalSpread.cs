namespace Chat.Api.Realtime;

/// <summary>
/// Keeps the clients that connect in a crowd, because another pod or the network went away, from fetching all at once: a few may at once,
/// the others one after the other.
/// </summary>
public sealed class ArrivalSpread(TimeProvider time)
{
    /// <summary>How many may fetch at once after a while without arrivals.</summary>
    public const int AtOnce = 20;

    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1.0 / ResyncSpread.ClientsPerSecond);
    private readonly Lock _gate = new();
    private DateTimeOffset _next = DateTimeOffset.MinValue;

    /// <summary>The delay in milliseconds for the client that connected now, 0 to 30,000; null: none.</summary>
    public int? Next()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var earliest = now - ((AtOnce - 1) * Each);
            var turn = _next > earliest ? _next : earliest;
            var wait = turn - now;
            if (wait > ResyncSpread.Longest)
            {
                // More than can be served in this time: they are spread over all of it.
                return ResyncSpread.DelayOneOf(int.MaxValue);
            }

            _next = turn + Each;
            return wait > TimeSpan.Zero ? (int)Math.Ceiling(wait.TotalMilliseconds) : null;
        }
    }
}
