using Chat.Backends.Pods;
using Chat.Servers;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends.Pods;

/// <summary>The path between pods when Redis goes and another way takes over. Each test has a Redis of its own.</summary>
public abstract class PodOutageContract : IAsyncLifetime
{
    private const string Room = "general";
    private readonly RedisServer? _redis = ServerFinder.Redis is { } program ? new RedisServer(program) : null;

    private RedisServer Redis
    {
        get
        {
            Assert.SkipWhen(_redis is null, "redis-server is not installed here.");
            return _redis;
        }
    }

    public virtual async ValueTask InitializeAsync()
    {
        if (_redis is not null)
        {
            await _redis.StartAsync();
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task When_Redis_is_killed_the_broker_takes_over_and_when_it_is_back_every_pod_resynchronises()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await using var elsewhere = await StartPodAsync(Redis.ConnectionString);
        await Task.WhenAll(new[] { a, b, elsewhere }.Select(BrokerIsThereAsync));
        await Redis.KillAsync();

        // As the API does: a message that could not be appended is published, unnumbered.
        foreach (var (pod, i) in new[] { (a, 1), (b, 2), (a, 3) })
        {
            var message = PodMessages.New(Room, i);
            Assert.Null(await pod.Recent.AppendAsync(message, default));
            Assert.True(await pod.Channel.PublishAsync(new MessageArrived(message), default));
        }

        await Eventually.IsTrueAsync(() => b.Arrived.Count() == 2 && a.Arrived.Any(), "the messages arrived through the broker");
        Assert.Equal(["text 1", "text 3"], b.Arrived.Order());
        Assert.Equal(["text 2"], a.Arrived);
        Assert.DoesNotContain(elsewhere.Events, e => e is MessageArrived);
        Assert.Equal(("broker", "broker"), (a.Channel.Path, b.Channel.Path));

        await Redis.StartAsync();
        await Eventually.IsTrueAsync(() => a.Resyncs > 0 && b.Resyncs > 0, "both pods resynchronise");
        await Eventually.IsTrueAsync(() => a.Channel.Path == "redis" && b.Channel.Path == "redis", "events go through Redis again");
        await a.Recent.AppendAsync(PodMessages.New(Room, 4), default);
        await Eventually.IsTrueAsync(() => b.Arrived.Contains("text 4"), "Redis carries messages again");

        // What both pods made up for came through Redis a second time, and was dropped.
        await PodMessages.BarrierAsync(a, b);
        await PodMessages.BarrierAsync(b, a);
        Assert.Equal(["text 1", "text 3", "text 4"], b.Arrived.Order());
        Assert.Equal(["text 2"], a.Arrived);
    }

    [Fact]
    public async Task A_room_subscribed_to_while_Redis_is_away_is_made_up_for()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await Redis.KillAsync();
        await Eventually.IsTrueAsync(() => !b.Gate.IsOpen, "the lost connection was noticed");
        await b.Channel.SubscribeAsync("later", default);
        await Redis.StartAsync();
        await Eventually.IsTrueAsync(() => a.Gate.IsOpen && b.Gate.IsOpen && b.Resyncs > 0, "Redis is used again and the pod resynchronises");

        await a.Recent.AppendAsync(PodMessages.New("later", 1), default);
        await Eventually.IsTrueAsync(() => b.Arrived.Contains("text 1"), "the message arrived");
    }

    [Fact]
    public async Task Pods_that_start_without_Redis_reach_each_other()
    {
        await Redis.StopAsync();
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await Task.WhenAll(new[] { a, b }.Select(BrokerIsThereAsync));
        var ended = new SessionsEnded("alice", "s1");
        Assert.True(await a.Channel.PublishAsync(ended, default));
        await Eventually.IsTrueAsync(() => b.Events.Contains(ended), "the session's end arrived");
    }

    [Fact]
    public async Task A_pod_that_alone_is_cut_off_from_Redis_hears_the_others_and_they_hear_it()
    {
        Assert.SkipWhen(ServerFinder.Toxiproxy is null, "toxiproxy-server is not installed here.");
        await using var toxiproxy = new ToxiproxyServer(ServerFinder.Toxiproxy);
        await toxiproxy.StartAsync();
        var proxy = await toxiproxy.CreateProxyAsync("redis", Redis.Port);
        await using var cut = await StartPodAsync($"127.0.0.1:{proxy.Port}", Room);
        await using var other = await StartAsync();
        await Task.WhenAll(new[] { cut, other }.Select(BrokerIsThereAsync));
        await proxy.DisableAsync();
        await Eventually.IsTrueAsync(() => !cut.Gate.IsOpen, "the pod noticed");

        Assert.True(await cut.Channel.PublishAsync(new MessageArrived(PodMessages.New(Room, 1)), default));
        await Eventually.IsTrueAsync(() => other.Arrived.Any(), "the other heard it");
        Assert.NotNull(await other.Recent.AppendAsync(PodMessages.New(Room, 2), default));
        await Eventually.IsTrueAsync(() => cut.Arrived.Any(), "it heard the other");
        Assert.True(other.Gate.IsOpen);
        Assert.Equal(0, other.Resyncs);

        await proxy.EnableAsync();
        await Eventually.IsTrueAsync(() => cut.Resyncs > 0 && cut.Channel.Path == "redis", "it resynchronises");
        Assert.Equal(["text 1"], other.Arrived);
        Assert.Equal(["text 2"], cut.Arrived);
    }

    protected abstract Task<TestPod> StartPodAsync(string redis, params string[] rooms);

    private Task<TestPod> StartAsync() => StartPodAsync(Redis.ConnectionString, Room);

    protected static Task BrokerIsThereAsync(TestPod pod) =>
        Eventually.IsTrueAsync(() => pod.Transports.Single(t => t.Name == "broker").IsAvailable, "the pod is connected to the broker");
}

public sealed class RabbitPodOutageTests(RabbitMqFixture rabbit) : PodOutageContract, IClassFixture<RabbitMqFixture>
{
    [Fact]
    public async Task Rooms_cost_the_broker_no_bindings()
    {
        await using var pod = await StartPodAsync("127.0.0.1:1", "room-1", "room-2", "room-3");
        await BrokerIsThereAsync(pod);
        var bindings = await rabbit.Server.ControlAsync(default, "list_bindings", "--quiet", "source_name", "routing_key");
        var pods = bindings.Split('\n').Select(b => b.Trim()).Where(b => b.StartsWith(RabbitPodTransport.Exchange, StringComparison.Ordinal));
        Assert.Equal(["chat.pods\t#"], pods);
    }

    protected override Task<TestPod> StartPodAsync(string redis, params string[] rooms) =>
        TestPod.StartAsync(redis, rabbit: rabbit.ConnectionString, configure: o => o.StartTimeout = TimeSpan.FromSeconds(1), rooms: rooms);
}

public sealed class SqlitePodOutageTests : PodOutageContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-pods-").FullName;

    protected override Task<TestPod> StartPodAsync(string redis, params string[] rooms) =>
        TestPod.StartAsync(redis, sqlite: Path.Combine(_folder, "chat.db"), configure: o => o.StartTimeout = TimeSpan.FromSeconds(1), rooms: rooms);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }
}
