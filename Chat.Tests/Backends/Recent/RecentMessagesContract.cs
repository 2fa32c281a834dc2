using Chat.Backends.Recent;
using Chat.Contracts;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Servers;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Recent;

/// <summary>What <see cref="IRecentMessages"/> promises, on each kind of server. Every test has rooms of its own.</summary>
public abstract partial class RecentMessagesContract
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddSeconds(1);
    private readonly string _room = "r" + Guid.NewGuid().ToString("N")[..12];

    protected abstract string ConnectionString { get; }

    [Fact]
    public async Task Messages_are_numbered_from_one_and_read_back_in_order()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var appended = new List<Appended>();
        for (var i = 1; i <= 5; i++)
        {
            appended.Add((await pod.Recent.AppendAsync(Message(i), default))!);
        }

        Assert.Equal([1, 2, 3, 4, 5], appended.Select(a => a.Seq));
        Assert.All(appended, a => Assert.False(a.Duplicate));
        var epoch = Assert.Single(appended.Select(a => a.Epoch).Distinct());
        Assert.Matches("^[0-9a-f]{12}-[0-9a-f]{8}$", epoch);

        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal(["text 1", "text 2", "text 3", "text 4", "text 5"], window.Messages.Select(m => m.Content));
        Assert.Equal((5, epoch, 0, false), (window.Seq, window.Epoch, window.ContiguousFrom, window.ReachesStart));
        Assert.Equivalent(Message(3) with { Seq = 3, Epoch = epoch }, window.Messages[2], strict: true);
    }

    [Fact]
    public async Task An_unknown_room_is_an_empty_window_and_has_no_newest()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Empty(window.Messages);
        Assert.Equal((0, ""), (window.Seq, window.Epoch));
        Assert.Empty((await pod.Recent.ReadNewestAsync([_room], default))!);
    }

    [Fact]
    public async Task A_hundred_stay_and_what_the_trimmed_ones_leave_open_is_not_claimed()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        // The first of all is trimmed, but its time is in the middle of what stays.
        await pod.Recent.AppendAsync(Message(50, at: 150), default);
        for (var i = 101; i <= 220; i++)
        {
            await pod.Recent.AppendAsync(Message(i), default);
        }

        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal(Limits.RecentMessages, window.Messages.Count);
        Assert.Equal(121, window.Seq);
        Assert.Equal("text 121", window.Messages[0].Content);
        // 150 itself was trimmed: whole is only what is later than that.
        Assert.Equal("text 151", window.Messages[window.ContiguousFrom].Content);
    }

    [Fact]
    public async Task A_message_appended_again_keeps_its_number_and_is_there_once()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString);
        var first = await a.Recent.AppendAsync(Message(1), default);
        await a.Recent.AppendAsync(Message(2), default);

        var again = await b.Recent.AppendAsync(Message(1) with { Timestamp = Start.AddHours(1) }, default);

        Assert.Equal(first! with { Duplicate = true }, again);
        Assert.Equal(Truncated(Start.AddMilliseconds(1)), again!.Timestamp);
        var window = (await a.Recent.ReadAsync(_room, default))!;
        Assert.Equal(["text 1", "text 2"], window.Messages.Select(m => m.Content));
    }

    [Fact]
    public async Task Of_two_times_under_which_a_message_was_accepted_during_an_outage_the_later_counts()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString);
        var first = (await a.Recent.AppendAsync(Message(1), default))!;
        await a.Recent.AppendAsync(Message(2), default);
        var accepted = Message(1, at: 3_600_000);

        await MissAsync(b, accepted);
        var window = (await a.Recent.ReadAsync(_room, default))!;
        Assert.Equal([Message(2).Id, accepted.Id], window.Messages.Select(m => m.Id));
        Assert.Equal((Truncated(accepted.Timestamp), 1), (window.Messages[1].Timestamp, window.Messages[1].Seq));
        Assert.Equal(first with { Duplicate = true, Timestamp = Truncated(accepted.Timestamp) }, await a.Recent.AppendAsync(Message(1), default));

        // Where it is no longer in the list, nothing as old as it then was is claimed to be whole.
        for (var i = 3; i <= Limits.RecentMessages + 2; i++)
        {
            await a.Recent.AppendAsync(Message(i, at: 7_200_000), default);
        }

        await MissAsync(b, Message(201, at: 8_000_001), Message(1, at: 8_000_002));
        await a.Recent.AppendAsync(Message(202, at: 8_000_003), default);
        var whole = (await a.Recent.ReadAsync(_room, default))!;
        Assert.DoesNotContain(accepted.Id, whole.Messages.Select(m => m.Id));
        Assert.Equal([Message(202).Id], whole.Messages.Skip(whole.ContiguousFrom).Select(m => m.Id));
    }

    [Fact]
    public async Task Two_pods_appending_at_once_leave_no_gap_and_no_number_twice()
    {
        const int each = 150;
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString);
        var results = await Task.WhenAll(new[] { a, b }.SelectMany((pod, p) => Enumerable.Range(0, each).Select(async i =>
            (await pod.Recent.AppendAsync(Message((p * 1_000) + i), default))!)));

        Assert.Equal(Enumerable.Range(1, 2 * each).Select(i => (long)i), results.Select(r => r.Seq).Order());
        Assert.Single(results.Select(r => r.Epoch).Distinct());
        var window = (await a.Recent.ReadAsync(_room, default))!;
        Assert.Equal(2 * each, window.Seq);
        Assert.Equal(Limits.RecentMessages, window.Messages.Count);
    }

    [Fact]
    public async Task Another_program_reads_the_list_newest_first_with_the_contracts_fields()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        for (var i = 1; i <= 105; i++)
        {
            await pod.Recent.AppendAsync(Message(i), default);
        }

        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var list = await other.GetDatabase().ListRangeAsync($"room:{_room}:messages");
        Assert.Equal(100, list.Length);
        using var newest = System.Text.Json.JsonDocument.Parse((string)list[0]!);
        Assert.Equal("text 105", newest.RootElement.GetProperty("content").GetString());
        Assert.Equal(_room, newest.RootElement.GetProperty("roomId").GetString());
        Assert.Equal("alice", newest.RootElement.GetProperty("sender").GetString());
        Assert.Equal(Message(105).Id, newest.RootElement.GetProperty("id").GetString());
        Assert.Equal(105, newest.RootElement.GetProperty("seq").GetInt64());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", newest.RootElement.GetProperty("timestamp").GetString());
        Assert.Equal(0, newest.RootElement.GetProperty("mentions").GetArrayLength());
    }

    [Fact]
    public async Task Text_that_looks_like_our_json_stays_text()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        const string nasty = "\",\"seq\":0,\"epoch\":\"\" \"timestamp\":\"9\" %d %s \\ \0 ü 😀 </script>";
        await pod.Recent.AppendAsync(Message(1) with { Content = nasty, Mentions = ["bob"], ReplyTo = "x" }, default);
        var message = Assert.Single((await pod.Recent.ReadAsync(_room, default))!.Messages);
        Assert.Equal(nasty, message.Content);
        Assert.Equal(["bob"], message.Mentions);
    }

    [Fact]
    public async Task Changes_of_many_at_once_are_all_applied()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString);
        await a.Recent.AppendAsync(Message(1), default);
        await a.Recent.AppendAsync(Message(2), default);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i => Assert.NotNull(await (i % 2 == 0 ? a : b).Recent.ApplyAsync(
            new ReactionChanged { RoomId = _room, Id = Message(1).Id, Username = $"user{i}", Emoji = "👍", On = true, At = Start.AddSeconds(i) }, default))));
        Assert.NotNull(await b.Recent.ApplyAsync(
            new MessageEdited { RoomId = _room, Id = Message(2).Id, Username = "alice", Content = "edited", EditId = "e", At = Start.AddSeconds(9) }, default));

        var window = (await a.Recent.ReadAsync(_room, default))!;
        Assert.Equal(8, Assert.Single(window.Messages[0].Reactions).Users.Count);
        Assert.Equal(("edited", 2, 11), (window.Messages[1].Content, window.Messages[1].Seq, window.Seq));
        Assert.Equal(0, window.ContiguousFrom);
        var unknown = new MessageDeleted { RoomId = _room, Id = "unknown", Username = "alice", At = Start };
        Assert.NotNull(await a.Recent.ApplyAsync(unknown, default));
    }

    [Fact]
    public async Task The_newest_of_many_rooms_comes_in_the_rooms_order()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var rooms = Enumerable.Range(0, 10).Select(i => $"{_room}-{i}").ToList();
        foreach (var room in rooms)
        {
            await pod.Recent.AppendAsync(Message(2) with { RoomId = room }, default);
            // Appended later, sent earlier.
            await pod.Recent.AppendAsync(Message(1) with { RoomId = room }, default);
        }

        var newest = (await pod.Recent.ReadNewestAsync([.. rooms, "nowhere"], default))!;
        Assert.Equal(rooms.Order(), newest.Keys.Order());
        Assert.All(newest.Values, m => Assert.Equal("text 2", m.Content));
    }

    [Fact]
    public async Task A_list_that_vanished_or_a_removed_room_begins_a_later_epoch()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var first = (await pod.Recent.AppendAsync(Message(1), default))!;
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        await other.GetDatabase().KeyDeleteAsync($"room:{_room}:messages");
        var evicted = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal((1, 0), (evicted.Seq, evicted.Messages.Count));

        var second = (await pod.Recent.AppendAsync(Message(2), default))!;
        Assert.Equal(1, second.Seq);
        Assert.True(string.CompareOrdinal(second.Epoch, first.Epoch) > 0);

        await pod.Recent.RemoveRoomAsync(_room, default);
        var third = (await pod.Recent.AppendAsync(Message(2), default))!;
        Assert.Equal((false, 1), (third.Duplicate, third.Seq));
        Assert.True(string.CompareOrdinal(third.Epoch, second.Epoch) > 0);
    }

    [Fact]
    public async Task A_pod_that_was_interrupted_ends_the_epoch_for_everybody()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString);
        var before = (await a.Recent.AppendAsync(Message(1), default))!;
        a.Gate.Miss(() => { });
        await Eventually.IsTrueAsync(() => a.Recent.IsAvailable, "Redis is used again");

        // One that was sent before the interruption ended, two after it.
        var late = (await a.Recent.AppendAsync(Message(2) with { Timestamp = DateTimeOffset.UnixEpoch }, default))!;
        var after = (await a.Recent.AppendAsync(Message(3, at: 3_600_000), default))!;
        var others = (await b.Recent.AppendAsync(Message(4, at: 3_600_001), default))!;

        Assert.True(string.CompareOrdinal(after.Epoch, before.Epoch) > 0);
        Assert.Equal((1, 2, 3, after.Epoch), (late.Seq, after.Seq, others.Seq, others.Epoch));
        var window = (await b.Recent.ReadAsync(_room, default))!;
        Assert.Equal(["text 2", "text 1", "text 3", "text 4"], window.Messages.Select(m => m.Content));
        // Others may not have made up for theirs yet: nothing from before the epoch is claimed to be whole.
        Assert.Equal(2, window.ContiguousFrom);
    }

    protected Message Message(int i, int? at = null) => new()
    {
        Id = MessageId.For("alice", $"{_room}-{i}"),
        Sender = "alice",
        RoomId = _room,
        Content = $"text {i}",
        Timestamp = Truncated(Start.AddMilliseconds(at ?? i)),
        ClientId = $"{_room}-{i}",
    };

    /// <summary>The pod cannot append these, and makes up for it.</summary>
    private static async Task MissAsync(TestPod pod, params Message[] messages)
    {
        var missed = new List<ValueTask<Appended?>>();
        for (var attempt = 0; attempt < 100 && missed.Count == 0; attempt++)
        {
            pod.Gate.Miss(() => { });
            // Under the gate's lock, so that it stays shut meanwhile.
            pod.Gate.Miss(() => missed.AddRange(pod.Recent.IsAvailable ? [] : messages.Select(m => pod.Recent.AppendAsync(m, default))));
        }

        Assert.Equal(messages.Length, missed.Count);
        foreach (var append in missed)
        {
            Assert.Null(await append);
        }

        await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");
    }

    private static DateTimeOffset Truncated(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}

public sealed class RedisRecentMessagesTests(RedisFixture redis) : RecentMessagesContract, IClassFixture<RedisFixture>
{
    protected override string ConnectionString => redis.ConnectionString;

    [Fact]
    public async Task A_room_that_Redis_refuses_to_write_is_not_claimed_to_be_whole_and_costs_the_other_calls_nothing()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var before = (await pod.Recent.AppendAsync(Message(1), default))!;
        await other.GetDatabase().ExecuteAsync("ACL", "SETUSER", "default", "-lpush");
        try
        {
            Assert.Null(await pod.Recent.AppendAsync(Message(30), default));
            Assert.Null(await pod.Recent.AppendAsync(Message(31), default));
            Assert.Equal(1, pod.Logged.Count(e => e == 2104));
        }
        finally
        {
            await other.GetDatabase().ExecuteAsync("ACL", "SETUSER", "default", "+lpush");
        }

        var next = (await pod.Recent.AppendAsync(Message(10), default))!;
        await pod.Recent.AppendAsync(Message(40), default);

        // 30 and 31 were sent, and are not in the list.
        Assert.Equal(1, next.Seq);
        Assert.True(string.CompareOrdinal(next.Epoch, before.Epoch) > 0);
        var window = (await pod.Recent.ReadAsync(Message(1).RoomId, default))!;
        Assert.Equal(["text 10", "text 40"], window.Messages.Select(m => m.Content));
        Assert.Equal(1, window.ContiguousFrom);
        AssertNotInterrupted(pod);
    }
}

public sealed class GarnetRecentMessagesTests(GarnetFixture garnet) : RecentMessagesContract, IClassFixture<GarnetFixture>
{
    protected override string ConnectionString => garnet.ConnectionString;
}

public sealed class RedisClusterRecentMessagesTests(RedisClusterFixture cluster) : RecentMessagesContract, IClassFixture<RedisClusterFixture>
{
    protected override string ConnectionString => cluster.ConnectionString;
}
