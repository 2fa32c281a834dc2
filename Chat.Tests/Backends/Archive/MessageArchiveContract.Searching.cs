using Chat.Backends.Archive;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Archive;

public abstract partial class MessageArchiveContract
{
    protected async Task<IEnumerable<string>> FindAsync(string words, string? from = null, MessageCursor? before = null, int limit = 10, params string[] rooms) =>
        Contents(await Archive.SearchAsync(
            new MessageSearch(rooms.Length == 0 ? ["general"] : rooms, words.Split(' ', StringSplitOptions.RemoveEmptyEntries), from, before, limit), None));

    [Fact]
    public async Task Every_word_must_match_and_the_last_as_a_prefix()
    {
        await SaveAsync(
            Save(Message("alice", "The quick brown fox", at: 0)),
            Save(Message("alice", "a quick brownie, please", at: 1)),
            Save(Message("alice", "quicker brown things", at: 2)),
            Save(Message("alice", "brown only", at: 3)));

        Assert.Equal(["a quick brownie, please", "The quick brown fox"], await FindAsync("quick brow"));
        Assert.Equal(["The quick brown fox"], await FindAsync("brown quick the"));
        Assert.Equal(["quicker brown things", "a quick brownie, please", "The quick brown fox"], await FindAsync("qui"));
        Assert.Empty(await FindAsync("quick zebra"));
        Assert.Empty(await FindAsync("rown"));
    }

    [Fact]
    public async Task Case_and_diacritics_do_not_matter_and_unspaced_scripts_are_found_by_character()
    {
        await SaveAsync(
            Save(Message("alice", "Çafé déjà VU", at: 0)),
            Save(Message("alice", "東京タワー", at: 1)),
            Save(Message("alice", "Größe 42", at: 2)));

        Assert.Equal(["Çafé déjà VU"], await FindAsync("CAFE deja"));
        Assert.Equal(["東京タワー"], await FindAsync("京"));
        Assert.Equal(["Größe 42"], await FindAsync("große 4"));
    }

    [Fact]
    public async Task Search_stays_in_the_given_rooms_newest_first_over_all_of_them()
    {
        await SaveAsync(
            Save(Message("alice", "tea 0", at: 0)), Save(Message("bob", "tea 1", at: 1, room: "kitchen")),
            Save(Message("alice", "tea 2", at: 2)), Save(Message("bob", "tea secret", at: 3, room: "private")));

        Assert.Equal(["tea 2", "tea 1", "tea 0"], await FindAsync("tea", rooms: ["general", "kitchen"]));
        Assert.Equal(["tea 2", "tea 1"], await FindAsync("tea", limit: 2, rooms: ["general", "kitchen"]));
        Assert.Empty(await Archive.SearchAsync(new MessageSearch([], ["tea"], null, null, 10), None));
    }

    [Fact]
    public async Task Search_is_narrowed_by_sender_and_continued_before_a_cursor()
    {
        var messages = Enumerable.Range(0, 6).Select(i => Message(i % 2 == 0 ? "alice" : "bob", $"tea {i}", at: i)).ToList();
        await SaveAsync([.. messages.Select(Save)]);

        Assert.Equal(["tea 4", "tea 2", "tea 0"], await FindAsync("tea", from: "alice"));
        Assert.Equal(["tea 2", "tea 1"], await FindAsync("tea", before: MessageCursor.Of(messages[3]), limit: 2));
        Assert.Equal(["tea 1"], await FindAsync("te", from: "bob", before: MessageCursor.Of(messages[3])));
        Assert.Empty(await FindAsync("tea", from: "carol"));
    }

    [Fact]
    public async Task A_prefix_that_many_words_share_finds_each_message_once_newest_first()
    {
        var messages = Enumerable.Range(0, 30).Select(i => Message("alice", $"word{i % 7}x word{i % 5}y {i}", at: i)).ToList();
        await SaveAsync([.. messages.Select(Save)]);

        Assert.Equal(Contents(messages).Reverse().Take(12), await FindAsync("word", limit: 12));
    }

    [Fact]
    public async Task Edited_messages_are_found_by_their_new_words_only_and_deleted_ones_not_at_all()
    {
        var edited = Message("alice", "apple pie", at: 0);
        var deleted = Message("alice", "apple juice", at: 1);
        await SaveAsync(Save(edited), Save(deleted));
        await SaveAsync(Edit(edited, "cherry pie", at: 5), Delete(deleted, at: 6));

        Assert.Empty(await FindAsync("apple"));
        Assert.Equal(["cherry pie"], await FindAsync("cherry"));
        Assert.Equal(["cherry pie"], await FindAsync("pie"));
    }

    [Fact]
    public async Task A_message_whose_time_moved_is_found_once_at_its_new_place()
    {
        var late = Message("alice", "apple", at: 9, clientId: "c");
        await SaveAsync(Save(late), Save(Message("bob", "apple tart", at: 5)));
        await SaveAsync(Save(late with { Timestamp = Noon, Seq = 1, Epoch = "e" }));

        Assert.Equal(["apple tart", "apple"], await FindAsync("apple"));
    }
}
