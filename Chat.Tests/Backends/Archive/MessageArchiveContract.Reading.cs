using Chat.Backends.Archive;
using Chat.Contracts;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Archive;

public abstract partial class MessageArchiveContract
{
    protected async Task<Message[]> SaveRoomAsync(int count, string room = "general")
    {
        var messages = Enumerable.Range(0, count).Select(i => Message(i % 2 == 0 ? "alice" : "bob", $"m{i}", at: i, room: room)).ToArray();
        await SaveAsync([.. messages.Reverse().Select(Save)]);
        return messages;
    }

    [Fact]
    public async Task Without_a_cursor_the_newest_page_is_read_oldest_first()
    {
        await SaveRoomAsync(7);
        await SaveRoomAsync(3, "elsewhere");

        Assert.Equal(["m4", "m5", "m6"], Contents(await Archive.ReadAsync("general", null, null, 3, None)));
        Assert.Equal(7, (await Archive.ReadAsync("general", null, null, 100, None)).Count);
        Assert.Empty(await Archive.ReadAsync("unknown", null, null, 3, None));
    }

    [Fact]
    public async Task Pages_before_after_and_between_cursors_are_strict_and_oldest_first()
    {
        var m = await SaveRoomAsync(9);
        var two = MessageCursor.Of(m[2]);
        var six = MessageCursor.Of(m[6]);

        Assert.Equal(["m4", "m5"], Contents(await Archive.ReadAsync("general", six, null, 2, None)));
        Assert.Equal(["m3", "m4"], Contents(await Archive.ReadAsync("general", null, two, 2, None)));
        Assert.Equal(["m4", "m5"], Contents(await Archive.ReadAsync("general", six, two, 2, None)));
        Assert.Equal(["m3", "m4", "m5"], Contents(await Archive.ReadAsync("general", six, two, 50, None)));
        Assert.Empty(await Archive.ReadAsync("general", two, six, 50, None));
    }

    [Fact]
    public async Task Messages_of_one_millisecond_are_ordered_by_id_and_paged_without_loss()
    {
        var messages = Enumerable.Range(0, 25).Select(i => Message("alice", $"m{i}", at: 0, clientId: $"c{i}")).ToList();
        await SaveAsync([.. messages.Select(Save)]);
        var expected = messages.Order(MessageMerge.Order).Select(m => m.Id).ToList();

        var forward = new List<string>();
        MessageCursor? after = new MessageCursor(Noon.AddDays(-1), "");
        while (await Archive.ReadAsync("general", null, after, 4, None) is { Count: > 0 } page)
        {
            forward.AddRange(page.Select(m => m.Id));
            after = MessageCursor.Of(page[^1]);
        }

        var backward = new List<string>();
        MessageCursor? before = null;
        while (await Archive.ReadAsync("general", before, null, 4, None) is { Count: > 0 } page)
        {
            backward.InsertRange(0, page.Select(m => m.Id));
            before = MessageCursor.Of(page[0]);
        }

        Assert.Equal(expected, forward);
        Assert.Equal(expected, backward);
    }

    [Fact]
    public async Task The_newest_message_of_each_room_is_read_and_empty_rooms_are_left_out()
    {
        await SaveRoomAsync(3);
        await SaveRoomAsync(2, "tea");

        var newest = await Archive.ReadNewestAsync(["general", "tea", "empty"], None);

        Assert.Equal([("general", "m2"), ("tea", "m1")], newest.OrderBy(n => n.Key).Select(n => (n.Key, n.Value.Content)));
        Assert.Empty(await Archive.ReadNewestAsync([], None));
    }

    [Fact]
    public async Task Unread_are_others_messages_after_the_mark_that_are_not_deleted()
    {
        var read = Message("alice", "read", at: 0);
        var deleted = Message("alice", "@bob", at: 2, mentions: "bob");
        await SaveAsync(
            Save(read),
            Save(Message("bob", "own", at: 1, mentions: "room")),
            Save(deleted),
            Delete(deleted, at: 9),
            Save(Message("alice", "plain", at: 3)),
            Save(Message("alice", "@bob @room", at: 4, mentions: ["bob", "room"])),
            Save(Message("carol", "@room", at: 5, mentions: "room")),
            Save(Message("carol", "@dave", at: 6, mentions: "dave")),
            Save(Message("alice", "elsewhere", at: 7, room: "elsewhere", mentions: "bob")));

        Assert.Equal(new UnreadCount(4, 2), await UnreadAsync("bob", new UnreadRange("general", MessageCursor.Of(read))));
        Assert.Equal(new UnreadCount(5, 2), await UnreadAsync("bob", new UnreadRange("general")));
        Assert.Equal(new UnreadCount(0, 0), await UnreadAsync("bob", new UnreadRange("general", new MessageCursor(Noon.AddDays(1), ""))));
        // Up to carol's first, which is another's to count.
        var before = new MessageCursor(Noon.AddMilliseconds(5), "");
        Assert.Equal(new UnreadCount(2, 1), await UnreadAsync("bob", new UnreadRange("general", MessageCursor.Of(read), before)));
    }

    [Fact]
    public async Task An_edit_changes_who_is_mentioned()
    {
        var message = Message("alice", "@bob", mentions: "bob");
        await SaveAsync(Save(message), Edit(message, "@carol", at: 1, mentions: "carol"));

        Assert.Equal(new UnreadCount(1, 0), await UnreadAsync("bob", new UnreadRange("general")));
        Assert.Equal(new UnreadCount(1, 1), await UnreadAsync("carol", new UnreadRange("general")));
    }

    [Fact]
    public async Task Unread_counts_stop_at_their_limit()
    {
        var messages = Enumerable.Range(0, Limits.UnreadMax + 20).Select(i => Save(Message("alice", "@bob", at: i, mentions: "bob")));
        await SaveAsync([.. messages]);

        Assert.Equal(new UnreadCount(Limits.UnreadMax, Limits.UnreadMax), await UnreadAsync("bob", new UnreadRange("general")));
    }

    [Fact]
    public async Task A_senders_own_messages_are_read_through_all_rooms_in_order()
    {
        await SaveAsync(
            Save(Message("alice", "a0", at: 0)), Save(Message("alice", "a3", at: 3)), Save(Message("bob", "b1", at: 1)),
            Save(Message("alice", "a2", at: 2, room: "tea")), Save(Message("alice", "a4", at: 4)));

        var first = await Archive.ReadBySenderAsync("alice", null, 2, None);
        var rest = await Archive.ReadBySenderAsync("alice", MessageCursor.Of(first[^1]), 10, None);

        Assert.Equal(["a0", "a2"], Contents(first));
        Assert.Equal(["a3", "a4"], Contents(rest));
    }

    [Fact]
    public async Task An_erased_room_is_gone_with_its_words_and_early_changes_and_no_other_room()
    {
        await SaveRoomAsync(30);
        await SaveRoomAsync(2, "tea");
        await SaveAsync(Edit(Message("alice", "m", at: 99), "early", at: 100));

        for (var calls = 0; !await Archive.EraseRoomAsync("general", None); calls++)
        {
            Assert.True(calls < 100, "Erasing does not end.");
        }

        Assert.Empty(await Archive.ReadAsync("general", null, null, 10, None));
        Assert.Empty(await Archive.SearchAsync(new MessageSearch(["general"], ["m"], null, null, 10), None));
        Assert.Equal(["m0", "m1"], Contents(await Archive.ReadAsync("tea", null, null, 10, None)));
        Assert.True(await Archive.EraseRoomAsync("general", None));
    }
}
