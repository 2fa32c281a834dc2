using Chat.Backends.Pods;
using Chat.Contracts;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends.Pods;

/// <summary>The path between pods while Redis works, on each kind of server.</summary>
public abstract class RedisPodsContract
{
    private readonly string _room = "r" + Guid.NewGuid().ToString("N")[..12];

    protected abstract string ConnectionString { get; }

    [Fact]
    public async Task An_appended_message_reaches_the_other_pods_of_its_room_with_its_number_and_not_its_own()
    {
        await using var a = await TestPod.StartAsync(ConnectionString, rooms: _room);
        await using var b = await TestPod.StartAsync(ConnectionString, rooms: _room);
        await using var elsewhere = await TestPod.StartAsync(ConnectionString, rooms: _room + "x");
        var message = PodMessages.New(_room, 1, "\"quoted\" & <b>ü</b>") with { Mentions = ["bob"] };

        var appended = (await a.Recent.AppendAsync(message, default))!;
        // Appending again tells nobody again.
        await a.Recent.AppendAsync(message, default);
        await Eventually.IsTrueAsync(() => b.Arrived.Any(), "the message arrived");
        await PodMessages.BarrierAsync(a, b, elsewhere);

        var arrived = Assert.IsType<MessageArrived>(Assert.Single(b.Events, e => e is MessageArrived));
        Assert.Equivalent(message with { Seq = 1, Epoch = appended.Epoch }, arrived.Message, strict: true);
        Assert.DoesNotContain(a.Events, e => e is MessageArrived);
        Assert.DoesNotContain(elsewhere.Events, e => e is MessageArrived);
        Assert.Equal("redis", a.Channel.Path);
    }

    [Fact]
    public async Task An_event_without_a_room_reaches_every_other_pod_and_one_with_a_room_its_subscribers()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString, rooms: _room);
        await using var c = await TestPod.StartAsync(ConnectionString, rooms: _room);
        await c.Channel.UnsubscribeAsync(_room, default);
        var toRoom = new SomebodyTypes(new TypingEvent(_room, "alice"));
        var toAll = new SessionsEnded("alice", "s1");

        Assert.True(await a.Channel.PublishAsync(toRoom, default));
        Assert.True(await a.Channel.PublishAsync(toAll, default));
        await Eventually.IsTrueAsync(() => b.Events.Contains(toRoom) && b.Events.Contains(toAll) && c.Events.Contains(toAll), "the events arrived");
        await PodMessages.BarrierAsync(a, b, c);

        Assert.Equivalent(new PodEvent[] { toRoom, toAll }, b.Events.Where(e => e is SomebodyTypes or SessionsEnded));
        Assert.Equal([toAll], c.Events.Where(e => e is SomebodyTypes or SessionsEnded));
        Assert.DoesNotContain(a.Events, e => e is SomebodyTypes or SessionsEnded);
    }

    [Fact]
    public async Task A_room_that_is_subscribed_to_while_a_pod_starts_misses_nothing_from_then_on()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        for (var i = 1; i <= 25; i++)
        {
            var room = $"{_room}-{i}";
            await using var b = await TestPod.StartAsync(ConnectionString, rooms: room);
            await a.Recent.AppendAsync(PodMessages.New(room, i), default);

            await Eventually.IsTrueAsync(() => b.Arrived.Any(), $"message {i} arrived");
        }
    }

    [Fact]
    public async Task Events_of_one_pod_are_applied_one_after_the_other_in_the_order_in_which_they_were_published()
    {
        var applied = new List<string>();
        var applying = 0;
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(
            ConnectionString,
            handler: async e =>
            {
                if (e is SomebodyTypes { Typing.Username: var number })
                {
                    Assert.Equal(1, Interlocked.Increment(ref applying));
                    // The earlier ones take longer, so that a later one would overtake them.
                    await Task.Delay(int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) < 10 ? 5 : 0);
                    applied.Add(number);
                    Interlocked.Decrement(ref applying);
                }
            },
            rooms: _room);
        var numbers = Enumerable.Range(0, 50).Select(i => $"{i}").ToList();
        foreach (var number in numbers)
        {
            Assert.True(await a.Channel.PublishAsync(new SomebodyTypes(new TypingEvent(_room, number)), default));
        }

        await Eventually.IsTrueAsync(() => applied.Count == numbers.Count, "all were applied");
        Assert.Equal(numbers, applied);
    }

    [Fact]
    public async Task A_message_published_as_an_event_after_it_was_appended_is_handed_on_once()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString, rooms: _room);
        var message = PodMessages.New(_room, 1);
        await a.Recent.AppendAsync(message, default);
        await a.Channel.PublishAsync(new MessageArrived(message), default);
        await Eventually.IsTrueAsync(() => b.Arrived.Any(), "the message arrived");
        await PodMessages.BarrierAsync(a, b);

        Assert.Equal(["text 1"], b.Arrived);
    }
}

internal static class PodMessages
{
    public static Message New(string room, int i, string? content = null) => new()
    {
        Id = MessageId.For("alice", $"{room}-{i}"),
        Sender = "alice",
        RoomId = room,
        Content = content ?? $"text {i}",
        Timestamp = new DateTimeOffset(2026, 2, 8, 14, 50, 0, i % 1_000, TimeSpan.Zero),
        ClientId = $"{room}-{i}",
    };

    /// <summary>What the first pod published before has arrived: one connection keeps the order (of a cluster each node's does).</summary>
    public static async Task BarrierAsync(TestPod from, params TestPod[] others)
    {
        var barrier = new MembershipChanged("barrier", Guid.NewGuid().ToString("N"), true);
        Assert.True(await from.Channel.PublishAsync(barrier, default));
        await Eventually.IsTrueAsync(() => others.All(o => o.Events.Contains(barrier)), "the barrier arrived at every pod");
    }
}

public sealed class RedisPodsTests(RedisFixture redis) : RedisPodsContract, IClassFixture<RedisFixture>
{
    protected override string ConnectionString => redis.ConnectionString;
}

public sealed class GarnetPodsTests(GarnetFixture garnet) : RedisPodsContract, IClassFixture<GarnetFixture>
{
    protected override string ConnectionString => garnet.ConnectionString;
}

public sealed class RedisClusterPodsTests(RedisClusterFixture cluster) : RedisPodsContract, IClassFixture<RedisClusterFixture>
{
    protected override string ConnectionString => cluster.ConnectionString;
}
