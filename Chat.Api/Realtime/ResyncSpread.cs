namespace Chat.Api.Realtime;

/// <summary>Keeps the clients that are told to resync from asking all at once.</summary>
internal static class ResyncSpread
{
    /// <summary>How many clients of this pod fetch in a second, on average.</summary>
    public const int ClientsPerSecond = 200;

    /// <summary>The longest that a client shows what may have a gap.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>The time over which so many clients are spread.</summary>
    public static TimeSpan Of(int clients)
    {
        var whole = TimeSpan.FromSeconds((double)clients / ClientsPerSecond);
        return whole < Longest ? whole : Longest;
    }

    /// <summary>A random delay in milliseconds for one of so many clients; null where it is not worth one.</summary>
    public static int? DelayOneOf(int clients)
    {
        // Spreading needs no secrecy.
#pragma warning disable CA5394
        var delay = (int)(Of(clients).TotalMilliseconds * Random.Shared.NextDouble());
#pragma warning restore CA5394
        return delay > 0 ? delay : null;
    }
}
