namespace Chat.Backends.Keys;

/// <summary>
/// Where the keys are kept that protect cookies and tokens. Keys are only ever added, and adding one again changes nothing. All
/// calls throw <see cref="BackendUnavailableException"/> when the store is away.
/// </summary>
public interface IKeyStore
{
    Task<IReadOnlyList<StoredKey>> ReadAsync(CancellationToken cancellationToken);

    Task AddAsync(StoredKey key, CancellationToken cancellationToken);
}

/// <summary>A key as Data Protection writes it; <c>Name</c> is unique.</summary>
public sealed record StoredKey(string Name, string Xml);
