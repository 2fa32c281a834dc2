using Chat.Contracts;

namespace Chat.Tests.Contracts;

public sealed class MessageMergeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);

    private static readonly Message Sent = new()
    {
        Id = MessageId.For("alice", "c1"),
        Sender = "alice",
        RoomId = "general",
        Content = "Hello",
        Timestamp = Noon,
    };

    [Fact]
    public void Changes_give_the_same_message_in_every_order_and_any_number_of_times()
    {
        MessageChange[] changes =
        [
            new MessageEdited { RoomId = "general", Id = Sent.Id, Username = "alice", At = Noon.AddSeconds(1), Content = "one", EditId = "a" },
            new MessageEdited { RoomId = "general", Id = Sent.Id, Username = "alice", At = Noon.AddSeconds(1), Content = "two", EditId = "b" },
            new ReactionChanged { RoomId = "general", Id = Sent.Id, Username = "bob", At = Noon.AddSeconds(2), Emoji = "👍", On = true },
            new ReactionChanged { RoomId = "general", Id = Sent.Id, Username = "bob", At = Noon.AddSeconds(3), Emoji = "👍", On = false },
            new ReactionChanged { RoomId = "general", Id = Sent.Id, Username = "carol", At = Noon.AddSeconds(2), Emoji = "👍", On = true },
        ];

        var results = Permutations(changes)
            .Select(order => order.Concat(order).Aggregate(Sent, MessageMerge.Apply))
            .Select(m => (m.Content, m.EditId, Reactions: string.Join(';', m.Reactions.Select(r => $"{r.Emoji}:{string.Join(',', r.Users)}"))))
            .Distinct()
            .ToList();

        Assert.Equal([("two", "b", "👍:carol")], results);
    }

    [Fact]
    public void Deleted_stays_deleted_and_keeps_nothing_of_the_content()
    {
        MessageChange[] changes =
        [
            new MessageDeleted { RoomId = "general", Id = Sent.Id, Username = "alice", At = Noon.AddSeconds(1) },
            new MessageEdited { RoomId = "general", Id = Sent.Id, Username = "alice", At = Noon.AddSeconds(2), Content = "late", EditId = "a" },
            new ReactionChanged { RoomId = "general", Id = Sent.Id, Username = "bob", At = Noon.AddSeconds(2), Emoji = "👍", On = true },
        ];

        foreach (var order in Permutations(changes))
        {
            var message = order.Aggregate(Sent, MessageMerge.Apply);
            Assert.Equal(("", Noon.AddSeconds(1), 0), (message.Content, message.DeletedAt, message.Reactions.Count));
        }
    }

    [Fact]
    public void Of_the_copies_of_one_message_the_numbered_one_then_the_later_epoch_then_the_later_time_counts_in_every_order()
    {
        var refused = Sent with { Timestamp = Noon.AddMilliseconds(1) };
        var accepted = Sent with { Timestamp = Noon.AddMilliseconds(5) };
        var numbered = Sent with { Seq = 7, Epoch = "e1" };
        var moved = numbered with { Timestamp = Noon.AddMilliseconds(2) };
        var again = Sent with { Timestamp = Noon.AddMilliseconds(-1), Seq = 1, Epoch = "e2" };
        var edited = refused with { Content = "edited", EditedAt = Noon.AddSeconds(1), EditId = "x" };

        foreach (var (copies, counts) in ((Message[], Message)[])[
            ([refused, accepted], accepted),
            ([refused, accepted, numbered], numbered),
            ([numbered, accepted, moved], moved),
            ([again, numbered, accepted, moved], again)])
        {
            foreach (var order in Permutations([.. copies, edited]))
            {
                var merged = order.Aggregate(MessageMerge.Merge);
                Assert.Equal((counts.Timestamp, "edited", counts.Seq, counts.Epoch), (merged.Timestamp, merged.Content, merged.Seq, merged.Epoch));
            }
        }
    }

    private static IEnumerable<T[]> Permutations<T>(T[] items) => items.Length <= 1
        ? [items]
        : items.SelectMany((item, i) => Permutations<T>([.. items[..i], .. items[(i + 1)..]]).Select(rest => (T[])[item, .. rest]));
}
