using StackExchange.Redis;

namespace Chat.Backends.Keys;

public sealed class RedisKeyStore(RedisGate gate) : IKeyStore
{
    public async Task<IReadOnlyList<StoredKey>> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entries = await CallAsync(d => d.HashGetAllAsync(RedisKeys.ProtectionKeys));
        return [.. entries.Select(e => new StoredKey((string)e.Name!, (string)e.Value!))];
    }

    public async Task AddAsync(StoredKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await CallAsync(d => d.HashSetAsync(RedisKeys.ProtectionKeys, key.Name, key.Xml, When.NotExists));
    }

    private async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call)
    {
        var (done, result) = await gate.TryAsync(call);
        return done ? result! : throw new BackendUnavailableException("cache");
    }
}
