namespace Chat.Backends.Sessions;

/// <summary>
/// Sessions of signed-in devices. Two stores implement it: Redis (<c>session:{sessionId}</c>, with expiry), and the archive's
/// database, which survives a Redis that lost its data. All calls throw <see cref="BackendUnavailableException"/> when
/// the store is away.
/// </summary>
public interface ISessionStore
{
    /// <summary>Creates or replaces. An ended session is never brought back by it (<see cref="EndAsync"/> leaves a mark until it would have expired).</summary>
    Task SaveAsync(Session session, CancellationToken cancellationToken);

    /// <summary>
    /// Null when unknown or expired. An ended one comes back as its mark, with <see cref="Session.EndedAt"/>: it is over,
    /// whatever another store says that missed its end.
    /// </summary>
    Task<Session?> FindAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>The user's live sessions.</summary>
    Task<IReadOnlyList<Session>> ListAsync(string username, CancellationToken cancellationToken);

    /// <summary>Ends it; harmless when unknown or ended.</summary>
    Task EndAsync(string sessionId, string username, CancellationToken cancellationToken);
}

/// <summary>A signed-in device. <c>Id</c> is random (128 bits at least); it names the session and does not prove it.</summary>
public sealed record Session
{
    public required string Id { get; init; }

    public required string Username { get; init; }

    public required string DisplayName { get; init; }

    /// <summary>The account's stamp when it began.</summary>
    public required string SecurityStamp { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>What the browser calls itself, shortened.</summary>
    public string? Device { get; init; }

    /// <summary>Set on the mark that an ended session leaves.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}
