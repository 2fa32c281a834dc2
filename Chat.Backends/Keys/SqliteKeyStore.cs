using Chat.Backends.Sqlite;

namespace Chat.Backends.Keys;

/// <summary>The keys in the archive's file.</summary>
public sealed class SqliteKeyStore(SqliteDatabase database) : IKeyStore
{
    private const string Backend = "chatdb";

    public async Task<IReadOnlyList<StoredKey>> ReadAsync(CancellationToken cancellationToken) =>
        await database.ReadAsync(
            Backend,
            session => session.Query("SELECT name, xml FROM data_protection_keys", r => new StoredKey(r.GetString(0), r.GetString(1))),
            cancellationToken);

    public Task AddAsync(StoredKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        return database.WriteAsync(
            Backend,
            session => session.Execute("INSERT OR IGNORE INTO data_protection_keys (name, xml) VALUES ($1, $2)", key.Name, key.Xml),
            cancellationToken);
    }
}
