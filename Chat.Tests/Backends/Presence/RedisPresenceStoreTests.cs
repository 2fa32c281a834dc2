using Chat.Backends.Presence;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Servers;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Presence;

public abstract class PresenceStoreContract
{
    protected abstract string ConnectionString { get; }

    [Fact]
    public async Task Each_pod_vouches_for_its_users_until_it_says_otherwise_or_withdraws()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        var (p1, p2) = (Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        await store.ReportAsync(p1, ["alice", "bob"], default);
        await store.ReportAsync(p2, ["bob", "carol"], default);
        Assert.Equal(["alice", "bob", "carol"], (await store.OnlineAsync(default))!.Order());

        await store.ReportAsync(p1, [], default);
        Assert.Equal(["bob", "carol"], (await store.OnlineAsync(default))!.Order());
        await store.WithdrawAsync(p2, default);
        Assert.Empty((await store.OnlineAsync(default))!);
    }

    [Fact]
    public async Task A_key_of_a_wrong_type_is_replaced()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);

        await DamageAsync();
        await store.ReportAsync("p", ["alice"], default);
        Assert.Equal(["alice"], await store.OnlineAsync(default));
        await DamageAsync();
        Assert.Empty((await store.OnlineAsync(default))!);
        await DamageAsync();
        await store.WithdrawAsync("p", default);
        Assert.False(await other.GetDatabase().KeyExistsAsync("presence"));

        async Task DamageAsync()
        {
            await other.GetDatabase().KeyDeleteAsync("presence");
            await other.GetDatabase().StringSetAsync("presence", "x");
        }
    }

    [Fact]
    public async Task The_word_of_a_pod_that_died_expires()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var tooOld = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (int)RedisPresenceStore.Lifetime.TotalSeconds - 10;
        await other.GetDatabase().HashSetAsync("presence", [new("dead", $"{tooOld}\nghost"), new("nonsense", "x")]);

        Assert.Empty((await store.OnlineAsync(default))!);
        Assert.False(await other.GetDatabase().HashExistsAsync("presence", "dead"));
        await store.ReportAsync("alive", ["alice"], default);
        var expiry = await other.GetDatabase().KeyTimeToLiveAsync("presence");
        Assert.InRange(expiry!.Value, TimeSpan.FromSeconds(1), RedisPresenceStore.Lifetime * 2);
        await store.WithdrawAsync("alive", default);
    }
}

public sealed class RedisPresenceStoreTests(RedisFixture redis) : PresenceStoreContract, IClassFixture<RedisFixture>
{
    protected override string ConnectionString => redis.ConnectionString;
}

public sealed class GarnetPresenceStoreTests(GarnetFixture garnet) : PresenceStoreContract, IClassFixture<GarnetFixture>
{
    protected override string ConnectionString => garnet.ConnectionString;
}

public sealed class AbsentPresenceStoreTests
{
    [Fact]
    public async Task Without_Redis_nobody_knows_and_nothing_throws()
    {
        await using var pod = await TestPod.StartAsync("127.0.0.1:1", configure: o => o.StartTimeout = TimeSpan.FromMilliseconds(10));
        var store = new RedisPresenceStore(pod.Gate);
        await store.ReportAsync("p", ["alice"], default);
        await store.WithdrawAsync("p", default);
        Assert.Null(await store.OnlineAsync(default));
    }
}
