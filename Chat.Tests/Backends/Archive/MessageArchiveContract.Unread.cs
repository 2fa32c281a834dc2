using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Archive;

public abstract partial class MessageArchiveContract
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Counts_and_newest_messages_of_many_rooms_are_those_of_their_whole_history(int seed)
    {
        string[] people = ["alice", "bob", "carol"];
        var random = new Random(seed);
        var history = new Dictionary<string, Message>(StringComparer.Ordinal);
        var items = new List<SaveItem>();
        for (var i = 0; i < 300; i++)
        {
            var message = Message(
                people[random.Next(3)], $"m{i}", random.Next(100), $"room{random.Next(6)}", clientId: $"c{i}", mentions: Mentions());
            SaveChange? change = random.Next(6) switch
            {
                0 => (SaveChange)Delete(message, at: 1_000),
                1 => (SaveChange)Edit(message, "edited", at: 1_000, mentions: Mentions()),
                _ => null,
            };
            history[message.Id] = change is null ? message : MessageMerge.Apply(message, change.Change);
            // Everything comes twice, as from a queue that delivers again.
            items.AddRange([Save(message), Save(message), .. change is null ? [] : new SaveItem[] { change, change }]);
        }

        foreach (var batch in Shuffled(items).Chunk(40))
        {
            await SaveAsync(batch);
        }

        var ranges = Enumerable.Range(0, 7).Select(i => new UnreadRange($"room{i}", Place(), i % 3 == 0 ? Place() : null)).ToList();
        var counts = await Archive.CountUnreadAsync("bob", ranges, None);
        foreach (var range in ranges)
        {
            var unread = history.Values.Where(m => m.RoomId == range.RoomId && m.Sender != "bob" && m.DeletedAt is null
                && (range.After is not { } after || Compare(m, after) > 0)
                && (range.Before is not { } before || Compare(m, before) < 0)).ToList();
            Assert.Equal(
                new UnreadCount(unread.Count, unread.Count(m => m.Mentions.Contains("bob") || m.Mentions.Contains("room"))),
                counts.GetValueOrDefault(range.RoomId));
        }

        var newest = await Archive.ReadNewestAsync([.. ranges.Select(r => r.RoomId)], None);
        Assert.Equal(
            history.Values.GroupBy(m => m.RoomId).Select(g => Shown(g.Max(MessageMerge.Order))).Order(StringComparer.Ordinal),
            newest.Values.Select(Shown).Order(StringComparer.Ordinal));

        string[] Mentions() => [.. new[] { "bob", "room", "carol" }.Where(_ => random.Next(4) == 0)];

        MessageCursor? Place() => random.Next(5) == 0 ? null : MessageCursor.Of(history.Values.ElementAt(random.Next(history.Count)));

        SaveItem[] Shuffled(List<SaveItem> all)
        {
            var shuffled = all.ToArray();
            random.Shuffle(shuffled);
            return shuffled;
        }

        static int Compare(Message message, MessageCursor place) =>
            (message.Timestamp, message.Id) == (place.Timestamp, place.Id) ? 0
            : message.Timestamp != place.Timestamp ? message.Timestamp.CompareTo(place.Timestamp)
            : string.CompareOrdinal(message.Id, place.Id);
    }

    [Fact]
    public async Task The_newest_message_is_found_after_its_time_became_an_earlier_one()
    {
        var first = Message("alice", "m", at: 50, clientId: "c");
        await SaveAsync(Save(first));
        await SaveAsync(Save(first with { Timestamp = Noon.AddMilliseconds(10), Seq = 1, Epoch = "e" }));

        Assert.Equal(Noon.AddMilliseconds(10), (await Archive.ReadNewestAsync(["general"], None))["general"].Timestamp);
    }

    [Fact]
    public async Task Of_a_room_that_was_erased_nothing_is_newest_or_unread()
    {
        await SaveRoomAsync(3);
        while (!await Archive.EraseRoomAsync("general", None))
        {
            // Some at a time.
        }

        Assert.Empty(await Archive.ReadNewestAsync(["general"], None));
        Assert.Equal(default, await UnreadAsync("carol", new UnreadRange("general")));
    }
}
