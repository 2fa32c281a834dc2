namespace Chat.Backends.Presence;

/// <summary>
/// Who is connected, over all pods. Each pod vouches for its own users and renews its word; the word of a pod that died
/// expires within a minute. Without Redis each pod knows its own users only. Never throws for an absent server.
/// </summary>
public interface IPresenceStore
{
    /// <summary>The pod's users as of now; replaces its earlier word.</summary>
    ValueTask ReportAsync(string podId, IReadOnlyCollection<string> online, CancellationToken cancellationToken);

    /// <summary>Everybody any pod vouches for; null: could not.</summary>
    ValueTask<IReadOnlySet<string>?> OnlineAsync(CancellationToken cancellationToken);

    /// <summary>The pod ends: its word goes at once.</summary>
    ValueTask WithdrawAsync(string podId, CancellationToken cancellationToken);
}
