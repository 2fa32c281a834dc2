using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Archive;

/// <summary>What <see cref="IMessageArchive"/> promises, on any store. A subclass says how to open one.</summary>
public abstract partial class MessageArchiveContract : IAsyncLifetime
{
    protected static readonly CancellationToken None = CancellationToken.None;

    protected IMessageArchive Archive { get; private set; } = null!;

    /// <summary>
    /// Each call: an independent instance (its own connections, as another process has) on the one store of this test, which
    /// is empty at first. It may skip the test where its server is missing.
    /// </summary>
    protected abstract Task<IMessageArchive> OpenAsync();

    public virtual async ValueTask InitializeAsync() => Archive = await OpenAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected async Task<SaveResultKind[]> SaveAsync(params SaveItem[] items) =>
        [.. (await Archive.SaveAsync(items, None)).Select(r => r.Kind)];

    protected async Task<UnreadCount> UnreadAsync(string username, UnreadRange range) =>
        (await Archive.CountUnreadAsync(username, [range], None)).GetValueOrDefault(range.RoomId);

    [Fact]
    public async Task A_saved_message_is_found_with_every_field()
    {
        var message = Message("alice", "Hello **you**\n😀", mentions: ["bob", "room"]) with { Seq = 7, Epoch = "0a-1", ReplyTo = MessageId.For("bob", "1") };

        Assert.Equal([SaveResultKind.Saved], await SaveAsync(Save(message)));

        Assert.Equal(Shown(message), Shown(await Archive.FindAsync(message.Id, None)));
        Assert.Null(await Archive.FindAsync(MessageId.For("alice", "another"), None));
    }

    [Fact]
    public async Task A_message_saved_twice_is_stored_once_with_the_time_that_counts()
    {
        var late = Message("alice", "Hello", at: 5, clientId: "c");
        var early = late with { Timestamp = Noon };

        Assert.Equal([SaveResultKind.Saved], await SaveAsync(Save(early)));
        Assert.Equal([SaveResultKind.Duplicate], await SaveAsync(Save(early)));
        await SaveAsync(Save(late));
        await SaveAsync(Save(early));
        Assert.Equal([Shown(late)], (await Archive.ReadAsync("general", null, null, 10, None)).Select(Shown));

        var numbered = early with { Seq = 3, Epoch = "e" };
        await SaveAsync(Save(numbered));
        await SaveAsync(Save(late));
        Assert.Equal([Shown(numbered)], (await Archive.ReadAsync("general", null, null, 10, None)).Select(Shown));
    }

    [Fact]
    public async Task The_same_message_several_times_in_one_batch_is_stored_once()
    {
        var message = Message("alice", "Hello");

        var results = await SaveAsync(Save(message), Save(Message("bob", "Hi", at: 1)), Save(message));

        Assert.DoesNotContain(SaveResultKind.Refused, results);
        Assert.Equal(3, results.Length);
        Assert.Equal(["Hello", "Hi"], Contents(await Archive.ReadAsync("general", null, null, 10, None)));
    }

    [Fact]
    public async Task Changes_and_their_message_give_the_same_in_every_order()
    {
        var message = Message("alice", "first");
        SaveItem[] items =
        [
            Save(message),
            Edit(message, "second", at: 10, editId: "a", mentions: "bob"),
            Edit(message, "third", at: 10, editId: "b", mentions: "carol"),
            React(message, "bob", "👍", on: true, at: 11),
            React(message, "bob", "👍", on: false, at: 12),
            React(message, "carol", "🎉", on: true, at: 11),
        ];
        var expected = items.Skip(1).Cast<SaveChange>().Aggregate(message, (m, c) => MessageMerge.Apply(m, c.Change));

        var random = new Random(4);
        for (var round = 0; round < 12; round++)
        {
            var room = $"room-{round}";
            var moved = items.Select(i => InRoom(i, room)).ToArray();
            random.Shuffle(moved);
            foreach (var batch in moved.Concat(moved.Take(2)).Chunk(1 + (round % 4)))
            {
                Assert.DoesNotContain(SaveResultKind.Refused, await SaveAsync(batch));
            }

            var found = Assert.Single(await Archive.ReadAsync(room, null, null, 10, None));
            Assert.Equal(Shown(expected with { RoomId = room, Id = found.Id }), Shown(found));
        }

        static SaveItem InRoom(SaveItem item, string room) => item switch
        {
            SaveMessage m => new SaveMessage(m.Message with { RoomId = room, Id = MessageId.For("alice", room) }),
            SaveChange c => new SaveChange(c.Change with { RoomId = room, Id = MessageId.For("alice", room) }),
            _ => item,
        };
    }

    [Fact]
    public async Task A_change_before_its_message_shows_nothing_until_the_message_comes()
    {
        var message = Message("alice", "old");

        await SaveAsync(Edit(message, "new", at: 5), React(message, "bob", "👍", on: true, at: 6));
        Assert.Null(await Archive.FindAsync(message.Id, None));
        Assert.Empty(await Archive.ReadAsync("general", null, null, 10, None));
        Assert.Empty(await Archive.ReadNewestAsync(["general"], None));
        Assert.Equal(new UnreadCount(0, 0), await UnreadAsync("bob", new UnreadRange("general")));

        await SaveAsync(Save(message));
        var found = await Archive.FindAsync(message.Id, None);
        Assert.Equal(("new", "👍"), (found?.Content, found?.Reactions.Single().Emoji));
    }

    [Fact]
    public async Task Deleted_stays_deleted_whatever_comes_after_it()
    {
        var message = Message("alice", "secret");

        await SaveAsync(Delete(message, at: 5), Save(message), Edit(message, "late", at: 9), React(message, "bob", "👍", on: true, at: 9), Save(message));

        var found = await Archive.FindAsync(message.Id, None);
        Assert.Equal(("", Noon.AddMilliseconds(5), 0), (found!.Content, found.DeletedAt!.Value, found.Reactions.Count));
        Assert.Single(await Archive.ReadAsync("general", null, null, 10, None));
    }

    [Fact]
    public async Task A_change_that_names_another_room_than_the_message_changes_nothing()
    {
        var message = Message("alice", "kept");
        var elsewhere = message with { RoomId = "elsewhere" };

        await SaveAsync(Edit(elsewhere, "forged", at: 5), Save(message), Delete(elsewhere, at: 6));

        Assert.Equal(Shown(message), Shown(await Archive.FindAsync(message.Id, None)));
    }

    [Fact]
    public async Task One_item_that_can_never_be_saved_does_not_keep_the_others_from_it()
    {
        var huge = Message("mallory", new string('x', 17 * 1024 * 1024), at: 1);

        var results = await Archive.SaveAsync([Save(Message("alice", "before")), Save(huge), Save(Message("bob", "after", at: 2))], None);

        Assert.Equal([SaveResultKind.Saved, SaveResultKind.Refused, SaveResultKind.Saved], results.Select(r => r.Kind));
        Assert.False(string.IsNullOrWhiteSpace(results[1].Reason));
        Assert.Equal(["before", "after"], Contents(await Archive.ReadAsync("general", null, null, 10, None)));
    }

    [Fact]
    public async Task Several_workers_that_save_the_same_things_at_once_store_each_once()
    {
        var other = await OpenAsync();
        var messages = Enumerable.Range(0, 40).Select(i => Message("alice", $"m{i}", at: i)).ToList();
        var reactions = messages.SelectMany(m => Enumerable.Range(0, 5).Select(u => React(m, $"user{u}", "👍", on: true, at: 100 + u)));
        SaveItem[] items = [.. messages.Select(Save), .. reactions];

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async worker =>
        {
            var shuffled = items.ToArray();
            new Random(worker).Shuffle(shuffled);
            foreach (var batch in shuffled.Chunk(13))
            {
                var results = await (worker % 2 == 0 ? Archive : other).SaveAsync(batch, None);
                Assert.DoesNotContain(results, r => r.Kind == SaveResultKind.Refused);
            }
        }));

        var all = await Archive.ReadAsync("general", null, null, 100, None);
        Assert.Equal(messages.Select(m => m.Content), Contents(all));
        Assert.All(all, m => Assert.Equal(["user0", "user1", "user2", "user3", "user4"], m.Reactions.Single().Users));
    }
}
