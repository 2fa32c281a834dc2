using System.Text.RegularExpressions;
using Chat.Backends.Pods;
using Chat.Backends.Recent;
using Chat.Contracts;
using Chat.Tests.Backends.Pods;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Recent;

/// <summary>Edits, deletions and reactions take numbers like messages, and are kept.</summary>
public abstract partial class RecentMessagesContract
{
    private const int ChangesRemovedEvent = 2107;

    [Fact]
    public async Task Messages_and_changes_of_two_pods_at_once_share_the_numbers_without_a_gap()
    {
        const int each = 40;
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString);
        await a.Recent.AppendAsync(Message(1), default);

        TestPod[] pods = [a, b];
        var numbers = await Task.WhenAll(pods.SelectMany((pod, p) => Enumerable.Range(0, each).SelectMany(i => (Task<(long, string)>[])
        [
            AppendAsync(pod, Message(100 + (p * 1_000) + i)),
            ApplyAsync(pod, Reaction(1, $"user{p}-{i}")),
        ])));

        Assert.Equal(Enumerable.Range(2, 4 * each).Select(i => (long)i), numbers.Select(n => n.Item1).Order());
        var epoch = Assert.Single(numbers.Select(n => n.Item2).Distinct());
        var window = (await b.Recent.ReadAsync(_room, default))!;
        Assert.Equal((1 + (4 * each), 1 + (2 * each)), (window.Seq, window.Messages.Count));
        Assert.Equal((0, true), (window.ContiguousFrom, window.AllChangesNumbered));
        var changes = (await b.Recent.ReadChangesAsync(_room, epoch, 0, default))!;
        Assert.Equal((1 + (4 * each), epoch, true), (changes.Seq, changes.Epoch, changes.IsComplete));
        Assert.Equal(2 * each, changes.Changes.Select(c => c.Username).Distinct().Count());
        Assert.Equal(changes.Changes.Select(c => c.Seq).Order(), changes.Changes.Select(c => c.Seq));
        Assert.Equal(
            Enumerable.Range(1, 1 + (4 * each)).Select(i => (long)i),
            window.Messages.Select(m => m.Seq).Concat(changes.Changes.Select(c => c.Seq)).Order());

        static async Task<(long, string)> AppendAsync(TestPod pod, Message message)
        {
            var appended = (await pod.Recent.AppendAsync(message, default))!;
            return (appended.Seq, appended.Epoch);
        }

        static async Task<(long, string)> ApplyAsync(TestPod pod, MessageChange change)
        {
            var applied = (await pod.Recent.ApplyAsync(change, default))!;
            return (applied.Seq, applied.Epoch);
        }
    }

    [Fact]
    public async Task A_change_reaches_the_other_pods_once_and_with_its_number_also_when_its_message_is_no_longer_listed()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString, rooms: _room);
        var sent = (await a.Recent.AppendAsync(Message(1), default))!;

        MessageChange[] changes =
        [
            Reaction(1, "bob"),
            new MessageEdited
            {
                RoomId = _room,
                Id = Message(7).Id,
                Username = "alice",
                Content = "\",\"seq\":0,\"epoch\":\"\"",
                EditId = "e",
                At = Truncated(Start),
            },
            new MessageDeleted { RoomId = _room, Id = Message(8).Id, Username = "alice", At = Truncated(Start) },
        ];
        var applied = new List<MessageChange>();
        foreach (var change in changes)
        {
            applied.Add((await a.Recent.ApplyAsync(change, default))!);
        }

        Assert.Equal([2, 3, 4], applied.Select(c => c.Seq));
        Assert.All(applied, c => Assert.Equal(sent.Epoch, c.Epoch));
        Assert.Equal(5, (await a.Recent.AppendAsync(Message(2), default))!.Seq);
        await Eventually.IsTrueAsync(() => b.Arrived.Contains("text 2"), "the last event arrives");
        Assert.Equivalent(applied, b.Events.OfType<MessageWasChanged>().Select(e => e.Change), strict: true);
        Assert.Equivalent(applied, (await b.Recent.ReadChangesAsync(_room, sent.Epoch, 0, default))!.Changes, strict: true);
        Assert.Equal(0, (await b.Recent.ReadAsync(_room, default))!.ContiguousFrom);
        var found = (await b.Recent.FindChangesAsync(_room, [Message(7).Id, Message(2).Id], default))!;
        Assert.Equivalent(applied[1], Assert.Single(found), strict: true);
    }

    [Fact]
    public async Task The_changes_after_a_number_are_told_as_far_back_as_they_are_kept()
    {
        const int more = Limits.RecentChanges + 5;
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var epoch = (await pod.Recent.AppendAsync(Message(1), default))!.Epoch;
        await Task.WhenAll(Enumerable.Range(0, more).Select(i => pod.Recent.ApplyAsync(Reaction(2, $"user{i}"), default).AsTask()));
        var seq = (await pod.Recent.AppendAsync(Message(3), default))!.Seq;
        Assert.Equal(more + 2, seq);

        Assert.Equal(Limits.RecentChanges, await other.GetDatabase().ListLengthAsync(Key("changes")));
        (long Since, int? Wanted)[] questions =
        [
            (0, null), (5, null), (6, Limits.RecentChanges), (7, Limits.RecentChanges - 1),
            (seq - 2, 1), (seq - 1, 0), (seq, 0), (seq + 1, null),
        ];
        foreach (var (since, wanted) in questions)
        {
            var read = (await pod.Recent.ReadChangesAsync(_room, epoch, since, default))!;
            Assert.Equal((seq, epoch, wanted is not null), (read.Seq, read.Epoch, read.IsComplete));
            if (wanted is not null)
            {
                Assert.Equal(Enumerable.Range((int)since + 1, wanted.Value).Select(i => (long)i), read.Changes.Select(c => c.Seq));
            }
        }

        Assert.False((await pod.Recent.ReadChangesAsync(_room, "0123456789ab-01234567", 6, default))!.IsComplete);
        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal((0, true), (window.ContiguousFrom, window.ChangesFrom > DateTimeOffset.UtcNow.AddMinutes(-5)));
    }

    [Fact]
    public async Task A_change_that_was_numbered_keeps_its_number_and_is_published_once()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString, rooms: _room);
        await a.Recent.AppendAsync(Message(1), default);
        var deletion = new MessageDeleted { RoomId = _room, Id = Message(1).Id, Username = "alice", At = Start };

        var reaction = (await a.Recent.ApplyAgainAsync(Reaction(1, "bob"), default))!;
        Assert.Equal(reaction, await b.Recent.ApplyAgainAsync(Reaction(1, "bob"), default));
        // Sent again by a client: the message says so already.
        var deleted = (await a.Recent.ApplyAsync(deletion, default))!;
        Assert.Equal(deleted, await b.Recent.ApplyAsync(deletion, default));
        // Of a message that is not in the list.
        var elsewhere = (await a.Recent.ApplyAsync(Reaction(2, "bob"), default))!;
        Assert.Equal(elsewhere, await b.Recent.ApplyAgainAsync(Reaction(2, "bob"), default));
        var another = (await b.Recent.ApplyAgainAsync(Reaction(2, "carol"), default))!;

        Assert.Equal([2, 3, 4, 5], new[] { reaction, deleted, elsewhere, another }.Select(c => c.Seq));
        await a.Recent.AppendAsync(Message(3), default);
        await Eventually.IsTrueAsync(() => b.Arrived.Contains("text 3"), "the last event arrives");
        Assert.Equal([2, 3, 4], b.Events.OfType<MessageWasChanged>().Select(e => e.Change.Seq));
    }

    [Fact]
    public async Task A_change_that_a_pod_could_not_number_ends_the_epoch_and_is_numbered_on_recovery()
    {
        await using var a = await TestPod.StartAsync(ConnectionString);
        await using var b = await TestPod.StartAsync(ConnectionString, rooms: _room);
        var before = (await a.Recent.AppendAsync(Message(1), default))!;
        await MissAsync(a, Reaction(1, "bob"));

        var old = (await b.Recent.ReadChangesAsync(_room, before.Epoch, before.Seq, default))!;
        Assert.False(old.IsComplete);
        Assert.True(string.CompareOrdinal(old.Epoch, before.Epoch) > 0);
        var made = (await b.Recent.ReadChangesAsync(_room, old.Epoch, 0, default))!;
        Assert.Equal((true, "bob", 1), (made.IsComplete, Assert.Single(made.Changes).Username, made.Seq));
        var window = (await b.Recent.ReadAsync(_room, default))!;
        Assert.Equal(["bob"], Assert.Single(Assert.Single(window.Messages).Reactions).Users);
        // It is of the epoch before, from which something may be missing.
        Assert.Equal(1, window.ContiguousFrom);
        // An epoch that began with a change goes on.
        Assert.Equal((2, old.Epoch), Number(await b.Recent.AppendAsync(Message(2, at: 3_600_000), default)));
    }

    [Fact]
    public async Task A_message_that_another_program_removed_is_missed_although_changes_have_numbers_too()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        for (var i = 1; i <= 4; i++)
        {
            await pod.Recent.AppendAsync(Message(i), default);
            await pod.Recent.ApplyAsync(Reaction(i, "bob"), default);
        }

        Assert.Equal(0, (await pod.Recent.ReadAsync(_room, default))!.ContiguousFrom);
        var second = (string)(await other.GetDatabase().ListGetByIndexAsync(Key("list"), 2))!;
        await other.GetDatabase().ListRemoveAsync(Key("list"), second);
        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal(["text 1", "text 3", "text 4"], window.Messages.Select(m => m.Content));
        Assert.Equal(1, window.ContiguousFrom);

        // The newest one, with nothing but a change after it.
        await other.GetDatabase().ListLeftPopAsync(Key("list"));
        Assert.Equal(2, (await pod.Recent.ReadAsync(_room, default))!.ContiguousFrom);
    }

    [Fact]
    public async Task What_a_pod_of_an_older_version_wrote_is_read_and_claimed_only_where_it_is_proved()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        for (var i = 1; i <= 3; i++)
        {
            await AppendAsOlderPodAsync(other, pod, i);
        }

        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal((3, 0, false), (window.Seq, window.ContiguousFrom, window.AllChangesNumbered));
        // From before the first change.
        Assert.Equal(4, (await pod.Recent.ApplyAsync(Reaction(2, "bob"), default))!.Seq);
        Assert.Equal(0, (await pod.Recent.ReadAsync(_room, default))!.ContiguousFrom);
        // The newest of all, then the one before the next message, then one that a change separates from it.
        await AppendAsOlderPodAsync(other, pod, 5);
        Assert.Equal(0, (await pod.Recent.ReadAsync(_room, default))!.ContiguousFrom);
        await pod.Recent.AppendAsync(Message(6), default);
        window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal((6, 5, 0), (window.Seq, window.Messages.Count, window.ContiguousFrom));
        await AppendAsOlderPodAsync(other, pod, 7);
        await pod.Recent.ApplyAsync(Reaction(6, "bob"), default);
        await pod.Recent.AppendAsync(Message(9), default);
        window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal((9, 7, 6), (window.Seq, window.Messages.Count, window.ContiguousFrom));

        // There may be changes without numbers.
        Assert.False((await pod.Recent.ReadChangesAsync(_room, window.Epoch, 3, default))!.IsComplete);
        // An hour after the first number of a change there are no such pods any more.
        var hourAgo = DateTimeOffset.UtcNow.AddMinutes(-61).ToUnixTimeMilliseconds();
        await other.GetDatabase().HashSetAsync(Key("meta"), "changed", $"{window.Epoch}|2|4|{hourAgo}");
        var later = (await pod.Recent.ApplyAsync(Reaction(9, "carol"), default))!;
        Assert.Equal((1, true), (later.Seq, string.CompareOrdinal(later.Epoch, window.Epoch) > 0));
        Assert.True((await pod.Recent.ReadChangesAsync(_room, later.Epoch, 0, default))!.IsComplete);
        // An epoch that such a pod begins has no changes yet, whatever the field says of the one before.
        var begin = DateTimeOffset.UtcNow.AddSeconds(1).ToUnixTimeMilliseconds();
        await other.GetDatabase().HashSetAsync(Key("meta"), [new("epoch", $"{begin:x12}-00000000"), new("begin", begin), new("seq", 0)]);
        await AppendAsOlderPodAsync(other, pod, 10);
        Assert.Equal((2, $"{begin:x12}-00000000"), Number(await pod.Recent.AppendAsync(Message(11, at: 3_600_000), default)));
        window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal("text 10", window.Messages.SkipLast(1).Last().Content);
        Assert.Equal((false, false), (window.HasChanges, window.AllChangesNumbered));
    }

    [Theory]
    [InlineData("string")]
    [InlineData("set")]
    public async Task A_list_of_changes_of_a_wrong_type_is_removed_and_costs_the_room_nothing_else(string type)
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var epoch = (await pod.Recent.AppendAsync(Message(1), default))!.Epoch;
        await pod.Recent.ApplyAsync(Reaction(1, "bob"), default);

        await DamageAsync(other, "changes", type);
        Assert.Equal((3, epoch), Number(await pod.Recent.AppendAsync(Message(2), default)));
        var window = (await pod.Recent.ReadAsync(_room, default))!;
        Assert.Equal((0, DateTimeOffset.MaxValue), (window.ContiguousFrom, window.ChangesFrom));
        await DamageAsync(other, "changes", type);
        var changed = (await pod.Recent.ApplyAsync(Reaction(1, "carol"), default))!;
        Assert.Equal((4, epoch), (changed.Seq, changed.Epoch));
        Assert.False((await pod.Recent.ReadChangesAsync(_room, epoch, 1, default))!.IsComplete);
        Assert.Equal("carol", Assert.Single((await pod.Recent.ReadChangesAsync(_room, epoch, 3, default))!.Changes).Username);
        Assert.Equal(2, pod.Logged.Count(e => e == ChangesRemovedEvent));
        Assert.DoesNotContain(RepairedEvent, pod.Logged);
        await DamageAsync(other, "changes", type);
        Assert.False((await pod.Recent.ReadChangesAsync(_room, epoch, 3, default))!.IsComplete);
        await DamageAsync(other, "changes", type);
        Assert.Empty((await pod.Recent.FindChangesAsync(_room, [Message(1).Id], default))!);
        AssertNotInterrupted(pod);
    }

    [Fact]
    public async Task Entries_that_are_not_changes_are_not_told_and_what_they_replaced_is_known_to_be_missing()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        var epoch = (await pod.Recent.AppendAsync(Message(1), default))!.Epoch;
        for (var i = 0; i < 3; i++)
        {
            await pod.Recent.ApplyAsync(Reaction(1, $"user{i}"), default);
        }

        var mine = (string)(await other.GetDatabase().ListGetByIndexAsync(Key("changes"), 1))!;
        foreach (var foreign in (string[])
        [
            "x", "1|1|null", "9|9|{}", "2|x|" + mine.Split('|', 3)[2],
            mine.Replace("\"type\":\"reaction\"", "\"type\":\"another\"", StringComparison.Ordinal),
            mine.Replace("\"seq\":3", "\"seq\":0", StringComparison.Ordinal),
            mine.Replace($"\"roomId\":\"{_room}\"", "\"roomId\":\"another\"", StringComparison.Ordinal),
            mine.Replace("\"emoji\":\"", "\"emoji\":null,\"x\":\"", StringComparison.Ordinal),
        ])
        {
            Assert.NotEqual(mine, foreign);
            await other.GetDatabase().ListSetByIndexAsync(Key("changes"), 1, foreign);
            Assert.False((await pod.Recent.ReadChangesAsync(_room, epoch, 1, default))!.IsComplete);
            Assert.Equal("user2", Assert.Single((await pod.Recent.ReadChangesAsync(_room, epoch, 3, default))!.Changes).Username);
            Assert.NotNull(await pod.Recent.FindChangesAsync(_room, [Message(1).Id], default));
        }

        await other.GetDatabase().ListSetByIndexAsync(Key("changes"), 1, mine);
        Assert.True((await pod.Recent.ReadChangesAsync(_room, epoch, 1, default))!.IsComplete);
        await other.GetDatabase().ListRemoveAsync(Key("changes"), mine);
        Assert.False((await pod.Recent.ReadChangesAsync(_room, epoch, 1, default))!.IsComplete);
        AssertNotInterrupted(pod);
    }

    [Fact]
    public async Task A_removed_room_forgets_its_changes()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var before = (await pod.Recent.ApplyAsync(Reaction(1, "bob"), default))!;
        Assert.Equal(1, before.Seq);

        await pod.Recent.RemoveRoomAsync(_room, default);

        Assert.Empty((await pod.Recent.FindChangesAsync(_room, [Message(1).Id], default))!);
        var after = (await pod.Recent.ApplyAsync(Reaction(1, "bob"), default))!;
        Assert.Equal((1, true), (after.Seq, string.CompareOrdinal(after.Epoch, before.Epoch) > 0));
    }

    private static (long, string) Number(Appended? appended) => (appended!.Seq, appended.Epoch);

    /// <summary>As pods did that knew no numbers of changes: an entry without an index, and nothing but <c>seq</c> moves.</summary>
    private async Task AppendAsOlderPodAsync(ConnectionMultiplexer other, TestPod pod, int i)
    {
        var database = other.GetDatabase();
        var before = await database.HashGetAsync(Key("meta"), "numbered");
        await pod.Recent.AppendAsync(Message(i), default);
        var entry = (string)(await database.ListGetByIndexAsync(Key("list"), 0))!;
        await database.ListSetByIndexAsync(Key("list"), 0, Regex.Replace(entry, ",\"index\":\\d+", ""));
        await database.HashSetAsync(Key("meta"), "numbered", before.IsNull ? "" : before);
    }

    /// <summary>The pod cannot apply it, and makes up for it.</summary>
    private static async Task MissAsync(TestPod pod, MessageChange change)
    {
        Task<MessageChange?>? missed = null;
        for (var attempt = 0; attempt < 100 && missed is null; attempt++)
        {
            pod.Gate.Miss(() => { });
            // Under the gate's lock, so that it stays shut meanwhile.
            pod.Gate.Miss(() => missed = pod.Recent.IsAvailable ? null : pod.Recent.ApplyAsync(change, default).AsTask());
        }

        Assert.Null(await missed!);
        await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");
    }
}
