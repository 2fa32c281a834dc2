using System.Xml.Linq;
using Chat.ServiceDefaults;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Logging;

namespace Chat.Backends.Keys;

/// <summary>
/// Data Protection's keys in every store at once: written to all, one suffices; read as the union, and what one store lacks is
/// copied to it. With every store away the keys read before still serve.
/// </summary>
public sealed partial class SharedKeyRepository(IEnumerable<IKeyStore> stores, TimeProvider time, ILogger<SharedKeyRepository> logger) : IXmlRepository
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures =
        Telemetry.Meter.CreateCounter<long>("chat.keys.failures", description: "Times that a store of keys was away");

    private readonly IKeyStore[] _stores = [.. stores];
    private readonly Lock _sync = new();
    private readonly Dictionary<string, StoredKey> _known = new(StringComparer.Ordinal);

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        // Data Protection asks synchronously, seldom, and from a thread of its own after the first time.
        var answers = Task.Run(() => Task.WhenAll(_stores.Select(ReadAsync))).GetAwaiter().GetResult();
        StoredKey[] all;
        lock (_sync)
        {
            foreach (var key in answers.OfType<IReadOnlyList<StoredKey>>().SelectMany(a => a))
            {
                _known.TryAdd(key.Name, key);
            }

            if (_known.Count == 0 && answers.Contains(null))
            {
                // An empty answer would make Data Protection create a key although there may be one.
                throw new BackendUnavailableException("keys");
            }

            all = [.. _known.Values];
        }

        for (var i = 0; i < _stores.Length; i++)
        {
            if (answers[i] is { } present && all.ExceptBy(present.Select(k => k.Name), k => k.Name).ToList() is { Count: > 0 } lacking)
            {
                var store = _stores[i];
                Task.Run(() => Task.WhenAll(lacking.Select(k => AddAsync(store, k)))).GetAwaiter().GetResult();
            }
        }

        return [.. all.Select(k => XElement.Parse(k.Xml))];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        var key = new StoredKey(friendlyName, element.ToString(SaveOptions.DisableFormatting));
        var stored = Task.Run(() => Task.WhenAll(_stores.Select(s => AddAsync(s, key)))).GetAwaiter().GetResult();
        if (!stored.Contains(true))
        {
            throw new BackendUnavailableException("keys");
        }

        lock (_sync)
        {
            _known.TryAdd(key.Name, key);
        }
    }

    private async Task<IReadOnlyList<StoredKey>?> ReadAsync(IKeyStore store)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            return await store.ReadAsync(patience.Token);
        }
        catch (Exception e) when (e is BackendUnavailableException or OperationCanceledException)
        {
            Failures.Add(1);
            LogAway(e, store.GetType().Name);
            return null;
        }
    }

    private async Task<bool> AddAsync(IKeyStore store, StoredKey key)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await store.AddAsync(key, patience.Token);
            return true;
        }
        catch (Exception e) when (e is BackendUnavailableException or OperationCanceledException)
        {
            Failures.Add(1);
            LogAway(e, store.GetType().Name);
            return false;
        }
    }

    [LoggerMessage(2311, LogLevel.Warning, "A store of keys is away: {store}")]
    private partial void LogAway(Exception e, string store);
}
