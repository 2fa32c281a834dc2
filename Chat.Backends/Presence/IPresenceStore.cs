namespace Chat.Backends.Presence;

/// <summary>
/// Who is connected, over all pods. Each pod reports its own users and renews its report; the report of a pod that died expires within
/// a minute. Reports have versions, so that a pod sends what changed and reads what it does not know. Without Redis each pod knows its
/// own users and what other pods tell it. Never throws for an unavailable server.
/// </summary>
public interface IPresenceStore
{
    /// <summary>Replaces whatever the pod reported before. False: could not.</summary>
    ValueTask<bool> ReplaceAsync(string podId, long version, IReadOnlyCollection<string> online, CancellationToken cancellationToken);

    /// <summary>
    /// Changes the pod's report of the version <paramref name="from"/> into that of the version <paramref name="to"/>; without a change
    /// it renews the report. False: the store has no such report, or could not.
    /// </summary>
    ValueTask<bool> ChangeAsync(
        string podId,
        long from,
        long to,
        IReadOnlyCollection<string> came,
        IReadOnlyCollection<string> gone,
        CancellationToken cancellationToken);

    /// <summary>The report of every pod; null: could not.</summary>
    /// <param name="known">Versions that the caller knows, by pod: of these the users are not read again.</param>
    /// <param name="cancellationToken">Checked before the call.</param>
    ValueTask<IReadOnlyList<PodPresence>?> ReadAsync(IReadOnlyDictionary<string, long> known, CancellationToken cancellationToken);

    /// <summary>The pod ends: its report goes at once.</summary>
    ValueTask WithdrawAsync(string podId, CancellationToken cancellationToken);
}

/// <summary>A pod's report.</summary>
/// <param name="PodId">The pod.</param>
/// <param name="Version">Null where a pod of before versions wrote it.</param>
/// <param name="Online">Its users; null where the caller knows this version.</param>
public sealed record PodPresence(string PodId, long? Version, IReadOnlyCollection<string>? Online);
