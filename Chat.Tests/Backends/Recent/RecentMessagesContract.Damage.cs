using Chat.Contracts;
using Chat.Tests.Backends.Pods;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Recent;

/// <summary>Another program damages the keys of a room: that costs the room its cache and nothing else.</summary>
public abstract partial class RecentMessagesContract
{
    private const int RepairedEvent = 2103;
    private const int RemovedEntriesEvent = 2105;

    public static TheoryData<string, string> WrongTypes => new(
        from key in new[] { "list", "meta", "ids", "times" }
        from type in new[] { "string", "set" }
        select (key, type));

    public static TheoryData<string, string> Nonsense => new()
    {
        { "seq", "x" },
        { "seq", "1.5" },
        { "seq", "-3" },
        { "seq", "99999999999999999999" },
        { "epoch", "zzz" },
        { "epoch", "ffffffffffff-00000000" },
        { "begin", "x" },
        { "begin", "9e99" },
        { "floor", "x" },
        { "floor", "99999999999999999999" },
        { "trimmed", "x" },
        { "trimmed", "2026-99-99T99:99:99.999Z" },
        { "changed", "x" },
        { "changed", "0123456789ab-01234567|x|1|1" },
    };

    [Theory]
    [MemberData(nameof(WrongTypes))]
    public async Task A_key_of_a_wrong_type_costs_its_room_the_cache_and_the_next_call_heals_it(string key, string type)
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString, rooms: _room);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var elsewhere = (await a.Recent.AppendAsync(Message(1) with { RoomId = $"{_room}-sound" }, default))!;
        var before = (await a.Recent.AppendAsync(Message(1), default))!;
        await Eventually.IsTrueAsync(() => b.Arrived.Contains("text 1"), "the other pod hears of the room");

        // A call of each kind meets the damage.
        await DamageAsync(other, key, type);
        Assert.NotNull(await b.Recent.ReadAsync(_room, default));
        Assert.NotNull(await b.Recent.ApplyAsync(Reaction(1, "bob"), default));
        Assert.NotNull(await b.Recent.ReadNewestAsync([_room, $"{_room}-sound"], default));
        await DamageAsync(other, key, type);
        Assert.Contains($"{_room}-sound", (await b.Recent.ReadNewestAsync([_room, $"{_room}-sound"], default))!.Keys);
        await DamageAsync(other, key, type);
        Assert.NotNull(await b.Recent.ApplyAsync(Reaction(1, "bob"), default));
        await DamageAsync(other, key, type);
        await b.Recent.RemoveRoomAsync(_room, default);
        await DamageAsync(other, key, type);
        var logged = a.Logged.Count(e => e == RepairedEvent);
        var sent = (await a.Recent.AppendAsync(Message(2), default))!;

        Assert.Equal((false, 1), (sent.Duplicate, sent.Seq));
        Assert.True(string.CompareOrdinal(sent.Epoch, before.Epoch) > 0);
        Assert.Equal(logged + 1, a.Logged.Count(e => e == RepairedEvent));
        await Eventually.IsTrueAsync(() => b.Arrived.Contains("text 2"), "the message reaches the other pod");
        Assert.True((await b.Recent.AppendAsync(Message(2), default))!.Duplicate);
        var next = (await b.Recent.AppendAsync(Message(3), default))!;
        Assert.Equal((2, sent.Epoch), (next.Seq, next.Epoch));
        var window = (await b.Recent.ReadAsync(_room, default))!;
        Assert.Equal(["text 2", "text 3"], window.Messages.Select(m => m.Content));
        Assert.Equal(0, window.ContiguousFrom);

        // Nobody else noticed.
        var after = (await a.Recent.AppendAsync(Message(2) with { RoomId = $"{_room}-sound" }, default))!;
        Assert.Equal((2, elsewhere.Epoch), (after.Seq, after.Epoch));
        AssertNotInterrupted(a, b);
    }

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task A_field_that_makes_no_sense_ends_the_epoch_and_what_comes_later_is_whole(string field, string value)
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var before = (await pod.Recent.AppendAsync(Message(1), default))!;
        await other.GetDatabase().HashSetAsync(Key("meta"), field, value);

        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal((0, ""), (window.Seq, window.Epoch));
        await other.GetDatabase().HashSetAsync(Key("meta"), field, value);
        await pod.Recent.AppendAsync(Message(2), default);
        await pod.Recent.ReadAsync(_room, default);
        var sent = (await pod.Recent.AppendAsync(Message(3), default))!;

        Assert.True(string.CompareOrdinal(sent.Epoch, before.Epoch) > 0);
        Assert.Matches("^0[0-9a-f]{11}-[0-9a-f]{8}$", sent.Epoch);
        window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal((sent.Seq, sent.Epoch), (window.Seq, window.Epoch));
        Assert.Equal("text 3", window.Messages.Skip(window.ContiguousFrom).Last().Content);
        AssertNotInterrupted(pod);
    }

    [Fact]
    public async Task A_message_whose_known_number_is_unreadable_is_appended_again()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        foreach (var nonsense in (string[])["x", "1|x|2026-11-27T01:00:00.000Z", "1|0123456789ab-01234567|2026-99-99T01:00:00.000Z"])
        {
            var before = (await pod.Recent.AppendAsync(Message(1), default))!;
            await other.GetDatabase().HashSetAsync(Key("ids"), Message(1).Id, nonsense);

            var again = (await pod.Recent.AppendAsync(Message(1), default))!;

            Assert.Equal((false, 1), (again.Duplicate, again.Seq));
            Assert.True(string.CompareOrdinal(again.Epoch, before.Epoch) > 0);
        }

        AssertNotInterrupted(pod);
    }

    [Fact]
    public async Task Entries_that_are_not_messages_are_removed_and_the_messages_stay_whole()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        await pod.Recent.AppendAsync(Message(1), default);
        var mine = (string)(await other.GetDatabase().ListGetByIndexAsync(Key("list"), 0))!;
        var changed = Message(9).Id;
        RedisValue[] foreign =
        [
            "x", "{}", "null", "[]",
            mine.Replace(Message(1).Id, changed, StringComparison.Ordinal).Replace("\"alice\"", "null", StringComparison.Ordinal),
            mine.Replace("\"mentions\":[]", "\"mentions\":null", StringComparison.Ordinal),
            mine.Replace("\"mentions\":[]", "\"mentions\":[null]", StringComparison.Ordinal),
            mine.Replace("\"reactions\":[]", "\"reactions\":[null]", StringComparison.Ordinal),
            mine.Replace("\"timestamp\":\"2", "\"timestamp\":\"x", StringComparison.Ordinal),
            mine.Replace($"\"roomId\":\"{_room}\"", "\"roomId\":\"another\"", StringComparison.Ordinal),
            mine.Replace("\"epoch\":\"0", "\"epoch\":\"z", StringComparison.Ordinal),
        ];
        Assert.DoesNotContain(mine, foreign.Select(f => (string)f!));
        await other.GetDatabase().ListLeftPushAsync(Key("list"), foreign);

        // Among the newest, as the one that is changed, as the one that is looked for, and all.
        Assert.NotNull(await pod.Recent.ReadNewestAsync([_room], default));
        Assert.NotNull(await pod.Recent.ApplyAsync(Reaction(9, "bob"), default));
        var window = (await pod.Recent.ReadAsync(_room, default))!;

        Assert.Equal(["text 1"], window.Messages.Select(m => m.Content));
        Assert.Equal(0, window.ContiguousFrom);
        Assert.Equal(1, await other.GetDatabase().ListLengthAsync(Key("list")));
        Assert.Contains(RemovedEntriesEvent, pod.Logged);
        // The change took the second number.
        Assert.Equal(3, (await pod.Recent.AppendAsync(Message(2), default))!.Seq);
        Assert.Equal(0, (await pod.Recent.ReadAsync(_room, default))!.ContiguousFrom);
        AssertNotInterrupted(pod);
    }

    [Fact]
    public async Task A_list_that_another_program_made_long_starts_over()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var before = (await pod.Recent.AppendAsync(Message(1), default))!;
        await other.GetDatabase().ListRightPushAsync(Key("list"), [.. Enumerable.Repeat((RedisValue)"x", 1_000)]);

        Assert.Equal("text 1", (await pod.Recent.FindAsync(_room, Message(1).Id, default))!.Message?.Content);
        Assert.Null((await pod.Recent.FindAsync(_room, Message(2).Id, default))!.Message);
        var sent = (await pod.Recent.AppendAsync(Message(2), default))!;

        Assert.Equal(1, sent.Seq);
        Assert.True(string.CompareOrdinal(sent.Epoch, before.Epoch) > 0);
        Assert.Equal(1, await other.GetDatabase().ListLengthAsync(Key("list")));
        AssertNotInterrupted(pod);
    }

    [Fact]
    public async Task Epochs_do_not_go_back_although_their_hash_is_lost_and_the_clock_was_ahead()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        await using var stranger = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var ahead = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds();
        var epoch = $"{ahead:x12}-00000000";
        await pod.Recent.AppendAsync(Message(1), default);
        await other.GetDatabase().HashSetAsync(Key("meta"), [new("epoch", epoch), new("begin", ahead)]);
        Assert.Equal(epoch, (await pod.Recent.AppendAsync(Message(2), default))!.Epoch);

        // One that never saw the epoch learns of it from the list; one that saw it remembers it when the list is lost, too.
        await DamageAsync(other, "meta", "string");
        var second = (await stranger.Recent.AppendAsync(Message(3), default))!.Epoch;
        Assert.True(string.CompareOrdinal(second, epoch) > 0);
        await pod.Recent.ReadAsync(_room, default);
        await DamageAsync(other, "list", "string");
        await DamageAsync(other, "meta", "string");
        var third = (await pod.Recent.AppendAsync(Message(4), default))!.Epoch;
        Assert.True(string.CompareOrdinal(third, second) > 0);
    }

    [Fact]
    public async Task A_repaired_room_claims_nothing_that_is_as_old_as_what_it_lost()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        await pod.Recent.AppendAsync(Message(10), default);
        await DamageAsync(other, "ids", "string");
        await pod.Recent.AppendAsync(Message(5), default);
        await pod.Recent.AppendAsync(Message(20), default);

        var window = (await pod.Recent.ReadAsync(_room, default))!;

        // 10 was in the list that is gone: between 5 and 20 there is a hole.
        Assert.Equal(["text 5", "text 20"], window.Messages.Select(m => m.Content));
        Assert.Equal(1, window.ContiguousFrom);
    }

    [Fact]
    public async Task What_was_missed_in_an_outage_does_not_keep_Redis_closed_when_the_rooms_keys_are_damaged()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        await pod.Recent.AppendAsync(Message(1), default);
        await DamageAsync(other, "list", "string");

        await MissAsync(pod, Message(2));

        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal(["text 2"], window.Messages.Select(m => m.Content));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Two_hundred_who_react_to_one_message_at_once_are_all_seen_and_it_is_no_outage(int pods)
    {
        const int people = 200;
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString);
        await a.Recent.AppendAsync(Message(1), default);

        var applied = await Task.WhenAll(Enumerable.Range(0, people).Select(i =>
            Task.Run(async () => await (i % pods == 0 ? a : b).Recent.ApplyAsync(Reaction(1, $"user{i}"), default))));

        Assert.All(applied, Assert.NotNull);
        Assert.Equal(Enumerable.Range(2, people).Select(i => (long)i), applied.Select(c => c!.Seq).Order());
        var message = Assert.Single((await b.Recent.ReadAsync(_room, default))!.Messages);
        Assert.Equal(people, Assert.Single(message.Reactions).Users.Count);
        AssertNotInterrupted(a, b);
    }

    [Fact]
    public async Task One_message_is_found_among_the_newest_and_the_oldest_of_the_list()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        for (var i = 1; i <= Limits.RecentMessages + 1; i++)
        {
            await pod.Recent.AppendAsync(Message(i), default);
        }

        foreach (var i in (int[])[2, 20, 21, 82, 101])
        {
            Assert.Equal($"text {i}", (await pod.Recent.FindAsync(_room, Message(i).Id, default))!.Message?.Content);
            Assert.NotNull(await pod.Recent.ApplyAsync(Reaction(i, "bob"), default));
        }

        Assert.Null((await pod.Recent.FindAsync(_room, Message(1).Id, default))!.Message);
        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal(
            ["text 2", "text 20", "text 21", "text 82", "text 101"],
            window.Messages.Where(m => m.Reactions.Count > 0).Select(m => m.Content));
    }

    protected RedisKey Key(string key) => key == "list" ? $"room:{_room}:messages" : $"{{room:{_room}:messages}}:{key}";

    protected static void AssertNotInterrupted(params TestPod[] pods) => Assert.All(pods, pod =>
    {
        Assert.True(pod.Recent.IsAvailable);
        Assert.Equal((0, 0), (pod.Gate.Since, pod.Resyncs));
    });

    protected ReactionChanged Reaction(int i, string username) =>
        new() { RoomId = _room, Id = Message(i).Id, Username = username, Emoji = "👍", On = true, At = Truncated(Start.AddSeconds(1)) };

    private async Task DamageAsync(ConnectionMultiplexer other, string key, string type)
    {
        var database = other.GetDatabase();
        await database.KeyDeleteAsync(Key(key));
        if (type == "set")
        {
            await database.SetAddAsync(Key(key), "x");
        }
        else
        {
            await database.StringSetAsync(Key(key), "x");
        }
    }
}
