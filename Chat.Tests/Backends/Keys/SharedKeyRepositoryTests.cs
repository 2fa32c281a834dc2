using System.Xml.Linq;
using Chat.Backends;
using Chat.Backends.Keys;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Servers;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Keys;

public sealed class SharedKeyRepositoryTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private readonly MemoryKeyStore _archive = new();
    private readonly MemoryKeyStore _cache = new();

    [Fact]
    public void A_key_is_in_every_store_and_one_that_lacks_it_gets_it()
    {
        var repository = Create();
        repository.StoreElement(new XElement("key", 1), "k1");
        _cache.Keys.Clear();
        _cache.Keys["k2"] = "<key>2</key>";

        Assert.Equal(["1", "2"], repository.GetAllElements().Select(e => e.Value).Order());
        Assert.Equal(["k1", "k2"], _cache.Keys.Keys.Order());
        Assert.Equal(["k1", "k2"], _archive.Keys.Keys.Order());
    }

    [Fact]
    public void With_either_store_away_keys_are_read_and_stored()
    {
        _archive.Keys["k1"] = "<key>1</key>";
        _cache.IsAway = true;
        var repository = Create();
        Assert.Equal("1", Assert.Single(repository.GetAllElements()).Value);

        (_cache.IsAway, _archive.IsAway) = (false, true);
        repository.StoreElement(new XElement("key", 2), "k2");
        Assert.Equal(["1", "2"], repository.GetAllElements().Select(e => e.Value).Order());
        Assert.Equal(["k1", "k2"], _cache.Keys.Keys.Order());
    }

    [Fact]
    public void With_both_away_what_was_read_before_serves_and_nothing_is_made_up()
    {
        _archive.Keys["k1"] = "<key>1</key>";
        var repository = Create();
        repository.GetAllElements();
        _archive.IsAway = _cache.IsAway = true;
        Assert.Single(repository.GetAllElements());
        Assert.Throws<BackendUnavailableException>(() => repository.StoreElement(new XElement("key", 2), "k2"));
        // A process without any key must not believe that there is none.
        Assert.Throws<BackendUnavailableException>(() => Create().GetAllElements());
    }

    [Fact]
    public async Task What_one_process_protects_another_reads_through_Redis()
    {
        await using var a = await TestPod.StartAsync(redis.ConnectionString);
        await using var b = await TestPod.StartAsync(redis.ConnectionString);
        using var first = Services(a);
        using var second = Services(b);

        var secret = first.GetRequiredService<IDataProtectionProvider>().CreateProtector("test").Protect("hello");
        Assert.Equal("hello", second.GetRequiredService<IDataProtectionProvider>().CreateProtector("test").Unprotect(secret));
    }

    [Fact]
    public async Task What_others_wrote_in_place_of_keys_is_removed_from_Redis_and_keys_are_stored_again()
    {
        await using var pod = await TestPod.StartAsync(redis.ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var store = new RedisKeyStore(pod.Gate);
        await other.GetDatabase().KeyDeleteAsync(RedisKeys.ProtectionKeys);
        await other.GetDatabase().StringSetAsync(RedisKeys.ProtectionKeys, "x");
        Assert.Empty(await store.ReadAsync(default));

        await store.AddAsync(new StoredKey("k1", "<key>1</key>"), default);
        await other.GetDatabase().HashSetAsync(RedisKeys.ProtectionKeys, "k2", "x");
        Assert.Equal("k1", Assert.Single(await store.ReadAsync(default)).Name);
        await store.AddAsync(new StoredKey("k2", "<key>2</key>"), default);
        Assert.Equal(["k1", "k2"], (await store.ReadAsync(default)).Select(k => k.Name).Order());
        await other.GetDatabase().KeyDeleteAsync(RedisKeys.ProtectionKeys);
    }

    private static ServiceProvider Services(TestPod pod)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IKeyStore>(new RedisKeyStore(pod.Gate));
        services.AddSharedDataProtection();
        return services.BuildServiceProvider();
    }

    private SharedKeyRepository Create() => new([_archive, _cache], TimeProvider.System, NullLogger<SharedKeyRepository>.Instance);

    private sealed class MemoryKeyStore : IKeyStore
    {
        public Dictionary<string, string> Keys { get; } = [];

        public bool IsAway { get; set; }

        public Task<IReadOnlyList<StoredKey>> ReadAsync(CancellationToken cancellationToken) => IsAway
            ? throw new BackendUnavailableException("test")
            : Task.FromResult<IReadOnlyList<StoredKey>>([.. Keys.Select(k => new StoredKey(k.Key, k.Value))]);

        public Task AddAsync(StoredKey key, CancellationToken cancellationToken)
        {
            if (IsAway)
            {
                throw new BackendUnavailableException("test");
            }

            lock (Keys)
            {
                Keys.TryAdd(key.Name, key.Xml);
            }

            return Task.CompletedTask;
        }
    }
}
