using System.Xml;
using System.Xml.Linq;
using StackExchange.Redis;

namespace Chat.Backends.Keys;

public sealed class RedisKeyStore(RedisGate gate) : IKeyStore
{
    private static readonly TypedKey Key = new(RedisKeys.ProtectionKeys, "hash");

    /// <summary>What is not XML is not a key of ours: it is removed, so that another store's copy can take its place.</summary>
    public async Task<IReadOnlyList<StoredKey>> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entries = await CallAsync(d => d.HashGetAllAsync(RedisKeys.ProtectionKeys));
        var unreadable = entries.Where(e => !IsXml(e.Value)).Select(e => e.Name).ToArray();
        if (unreadable.Length > 0)
        {
            RedisMetrics.Unreadable.Add(unreadable.Length);
            await CallAsync(d => d.HashDeleteAsync(RedisKeys.ProtectionKeys, unreadable));
        }

        return [.. entries.ExceptBy(unreadable, e => e.Name).Select(e => new StoredKey((string)e.Name!, (string)e.Value!))];
    }

    public async Task AddAsync(StoredKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await CallAsync(d => d.HashSetAsync(RedisKeys.ProtectionKeys, key.Name, key.Xml, When.NotExists));
    }

    private static bool IsXml(RedisValue value)
    {
        try
        {
            XElement.Parse((string)value!);
            return true;
        }
        catch (XmlException)
        {
            return false;
        }
    }

    private async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call)
    {
        var (done, result) = await gate.TryRepairingAsync(call, Key);
        return done ? result! : throw new BackendUnavailableException("cache");
    }
}
