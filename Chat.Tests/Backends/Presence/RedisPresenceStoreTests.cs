using Chat.Backends.Presence;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Servers;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Presence;

public abstract class PresenceStoreContract
{
    protected abstract string ConnectionString { get; }

    private static readonly Dictionary<string, long> Nothing = [];

    [Fact]
    public async Task Each_pods_users_are_those_that_it_reported_until_it_withdraws()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        var (p1, p2) = (NewPod(), NewPod());
        Assert.True(await store.ReplaceAsync(p1, 1, ["alice", "bob"], default));
        Assert.True(await store.ReplaceAsync(p2, 5, ["carol"], default));
        Assert.True(await store.ChangeAsync(p1, 1, 2, ["dave", "bob"], ["alice"], default));

        Assert.Equal(["bob", "dave"], await OnlineAsync(store, p1, 2));
        Assert.Equal(["carol"], await OnlineAsync(store, p2, 5));

        // Without a change it is renewed; everybody may have gone.
        Assert.True(await store.ChangeAsync(p1, 2, 2, [], [], default));
        Assert.Equal(["bob", "dave"], await OnlineAsync(store, p1, 2));
        Assert.True(await store.ChangeAsync(p1, 2, 3, [], ["bob", "dave"], default));
        Assert.Equal([], await OnlineAsync(store, p1, 3));

        await store.WithdrawAsync(p2, default);
        Assert.DoesNotContain((await store.ReadAsync(Nothing, default))!, r => r.PodId == p2);
        await store.WithdrawAsync(p1, default);
    }

    [Fact]
    public async Task A_key_of_a_wrong_type_is_replaced()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var p1 = NewPod();

        await DamageAsync();
        Assert.True(await store.ReplaceAsync(p1, 1, ["alice"], default));
        Assert.Equal(["alice"], await OnlineAsync(store, p1, 1));
        await DamageAsync();
        Assert.False(await store.ChangeAsync(p1, 1, 2, ["bob"], [], default));
        await DamageAsync();
        Assert.Empty((await store.ReadAsync(Nothing, default))!);
        await DamageAsync();
        await store.WithdrawAsync(p1, default);
        Assert.False(await other.GetDatabase().KeyExistsAsync("presence"));

        async Task DamageAsync()
        {
            await other.GetDatabase().KeyDeleteAsync("presence");
            await other.GetDatabase().StringSetAsync("presence", "x");
        }
    }

    [Fact]
    public async Task A_change_of_another_version_is_refused_and_changes_nothing()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        var p1 = NewPod();
        Assert.False(await store.ChangeAsync(p1, 0, 1, ["alice"], [], default));
        Assert.DoesNotContain((await store.ReadAsync(Nothing, default))!, r => r.PodId == p1);
        Assert.True(await store.ReplaceAsync(p1, 12, ["alice"], default));
        Assert.False(await store.ChangeAsync(p1, 1, 2, ["bob"], [], default));
        Assert.Equal(["alice"], await OnlineAsync(store, p1, 12));
        await store.WithdrawAsync(p1, default);
    }

    [Fact]
    public async Task Users_are_not_read_again_where_the_version_is_known()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var (known, changed, before) = (NewPod(), NewPod(), NewPod());
        Assert.True(await store.ReplaceAsync(known, 3, ["alice"], default));
        Assert.True(await store.ReplaceAsync(changed, 4, [], default));
        // As a pod of before versions writes it.
        await other.GetDatabase().HashSetAsync("presence", before, $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}\nbob\ncarol");

        var versions = new Dictionary<string, long> { [known] = 3, [changed] = 3, [before] = 0 };
        var read = (await store.ReadAsync(versions, default))!.ToDictionary(r => r.PodId);
        Assert.Null(read[known].Online);
        Assert.Equal([], read[changed].Online!);
        Assert.Equal(["bob", "carol"], read[before].Online!);
        Assert.Null(read[before].Version);
        await other.GetDatabase().HashDeleteAsync("presence", [known, changed, before]);
    }

    [Fact]
    public async Task A_pod_of_before_versions_reads_the_users()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var p1 = NewPod();
        Assert.True(await store.ReplaceAsync(p1, 1, ["alice"], default));
        Assert.True(await store.ChangeAsync(p1, 1, 2, ["bob"], [], default));
        var value = ((string?)await other.GetDatabase().HashGetAsync("presence", p1))!;
        Assert.Matches("^[0-9]+ 2\n", value);
        Assert.Equal(["alice", "bob"], value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1));
        await store.WithdrawAsync(p1, default);
    }

    [Fact]
    public async Task The_report_of_a_pod_that_died_expires()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var store = new RedisPresenceStore(pod.Gate);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var tooOld = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (int)RedisPresenceStore.Lifetime.TotalSeconds - 10;
        await other.GetDatabase().HashSetAsync("presence", [new("dead", $"{tooOld} 3\nghost"), new("nonsense", "x")]);

        Assert.DoesNotContain((await store.ReadAsync(Nothing, default))!, r => r.PodId is "dead" or "nonsense");
        Assert.False(await other.GetDatabase().HashExistsAsync("presence", "dead"));
        Assert.True(await store.ReplaceAsync("alive", 1, ["alice"], default));
        var expiry = await other.GetDatabase().KeyTimeToLiveAsync("presence");
        Assert.InRange(expiry!.Value, TimeSpan.FromSeconds(1), RedisPresenceStore.Lifetime * 2);
        await store.WithdrawAsync("alive", default);
    }

    private static string NewPod() => Guid.NewGuid().ToString("N");

    private static async Task<IEnumerable<string>> OnlineAsync(RedisPresenceStore store, string pod, long version)
    {
        var report = Assert.Single((await store.ReadAsync(Nothing, default))!, r => r.PodId == pod);
        Assert.Equal(version, report.Version);
        return report.Online!.Order();
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
        Assert.False(await store.ReplaceAsync("p", 1, ["alice"], default));
        Assert.False(await store.ChangeAsync("p", 1, 2, ["bob"], [], default));
        await store.WithdrawAsync("p", default);
        Assert.Null(await store.ReadAsync(new Dictionary<string, long>(), default));
    }
}
