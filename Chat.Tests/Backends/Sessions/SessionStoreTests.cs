using Chat.Backends;
using Chat.Backends.Sessions;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Backends.Sqlite;
using Chat.Tests.Servers;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Sessions;

public abstract class RedisSessionStoreContract : SessionStoreContract, IAsyncLifetime
{
    private TestPod? _pod;

    protected abstract string ConnectionString { get; }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_pod is not null)
        {
            await _pod.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Another_program_finds_the_session_under_its_name_until_it_expires()
    {
        var store = await CreateAsync();
        var session = New("named");
        await store.SaveAsync(session, default);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var key = $"session:{session.Id}";
        Assert.Contains($"\"username\":\"{session.Username}\"", (string?)await other.GetDatabase().StringGetAsync(key), StringComparison.Ordinal);
        Assert.InRange((await other.GetDatabase().KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromDays(13), TimeSpan.FromDays(14));

        await store.EndAsync(session.Id, session.Username, default);
        Assert.InRange((await other.GetDatabase().KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromDays(13), TimeSpan.FromDays(14));
    }

    [Fact]
    public async Task Nobody_ends_anothers_session()
    {
        var store = await CreateAsync();
        await store.SaveAsync(New("mine"), default);
        await store.EndAsync(New("mine").Id, "mallory", default);
        Assert.Null((await store.FindAsync(New("mine").Id, default))!.EndedAt);
    }

    [Fact]
    public async Task Keys_of_a_wrong_type_are_replaced_and_hide_no_other_session()
    {
        var store = await CreateAsync();
        var (first, second) = (New("damaged"), New("sound"));
        await store.SaveAsync(first, default);
        await store.SaveAsync(second, default);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);

        await DamageAsync($"session:{first.Id}");
        Assert.Equal([second], await store.ListAsync(first.Username, default));
        Assert.Null(await store.FindAsync(first.Id, default));
        await DamageAsync($"session:{first.Id}");
        await store.SaveAsync(first, default);
        Assert.Equal(first, await store.FindAsync(first.Id, default));

        await DamageAsync($"user:{first.Username}:sessions");
        Assert.Empty(await store.ListAsync(first.Username, default));
        await DamageAsync($"user:{first.Username}:sessions");
        await store.SaveAsync(first, default);
        Assert.Equal([first], await store.ListAsync(first.Username, default));

        await DamageAsync($"session:{first.Id}");
        await DamageAsync($"user:{first.Username}:sessions");
        await store.EndAsync(first.Id, first.Username, default);
        Assert.NotNull((await store.FindAsync(first.Id, default))!.EndedAt);

        await other.GetDatabase().StringSetAsync($"session:{second.Id}", """{"id":null,"username":null}""");
        Assert.Null(await store.FindAsync(second.Id, default));

        async Task DamageAsync(string key)
        {
            await other.GetDatabase().KeyDeleteAsync(key);
            await other.GetDatabase().SetAddAsync(key, "x");
        }
    }

    protected override async Task<ISessionStore> CreateAsync()
    {
        _pod = await TestPod.StartAsync(ConnectionString);
        return new RedisSessionStore(_pod.Gate, Time);
    }
}

public sealed class RedisSessionStoreTests(RedisFixture redis) : RedisSessionStoreContract, IClassFixture<RedisFixture>
{
    protected override string ConnectionString => redis.ConnectionString;
}

public sealed class GarnetSessionStoreTests(GarnetFixture garnet) : RedisSessionStoreContract, IClassFixture<GarnetFixture>
{
    protected override string ConnectionString => garnet.ConnectionString;
}

public sealed class RedisClusterSessionStoreTests(RedisClusterFixture cluster) : RedisSessionStoreContract, IClassFixture<RedisClusterFixture>
{
    protected override string ConnectionString => cluster.ConnectionString;
}

public sealed class SqliteSessionStoreTests : SessionStoreContract, IAsyncLifetime
{
    private readonly SqliteFile _file = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _file.DisposeAsync();

    protected override Task<ISessionStore> CreateAsync() => Task.FromResult<ISessionStore>(new SqliteSessionStore(_file.Open(), Time));
}

public sealed class AbsentSessionStoreTests
{
    [Fact]
    public async Task Without_Redis_every_call_says_that_it_is_away()
    {
        await using var pod = await TestPod.StartAsync("127.0.0.1:1", configure: o => o.StartTimeout = TimeSpan.FromMilliseconds(10));
        var store = new RedisSessionStore(pod.Gate, TimeProvider.System);
        var e = await Assert.ThrowsAsync<BackendUnavailableException>(() => store.FindAsync("s", default));
        Assert.Equal("cache", e.Backend);
        await Assert.ThrowsAsync<BackendUnavailableException>(() => store.ListAsync("alice", default));
        await Assert.ThrowsAsync<BackendUnavailableException>(() => store.EndAsync("s", "alice", default));
    }
}
