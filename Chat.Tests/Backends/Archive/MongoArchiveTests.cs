using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Servers;
using MongoDB.Bson;
using MongoDB.Driver;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Archive;

public sealed class MongoArchiveTests(MongoFixture server) : MessageArchiveContract, IClassFixture<MongoFixture>
{
    private MongoTestDatabase? _database;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    protected override Task<IMessageArchive> OpenAsync()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        return Task.FromResult<IMessageArchive>(new MongoMessageArchive(_database.Gate()));
    }

    [Fact]
    public async Task A_document_has_the_fields_of_the_contract_and_a_date()
    {
        var message = Message("alice", "Hello", at: 7);
        await SaveAsync(Save(message));

        var document = await _database!.Raw().GetCollection<BsonDocument>("messages").Find(new BsonDocument("_id", message.Id)).SingleAsync();

        Assert.Equal(("alice", "general", "Hello"), (document["sender"].AsString, document["roomId"].AsString, document["content"].AsString));
        Assert.Equal(Noon.AddMilliseconds(7).ToUnixTimeMilliseconds(), document["timestamp"].AsBsonDateTime.MillisecondsSinceEpoch);
    }

    [Fact]
    public async Task A_search_looks_at_no_more_than_so_many_messages_those_of_its_rarest_word_newest_first()
    {
        _database!.Options.SearchScan = 10;
        // Far back the words meet, once with a rare one; of late they do not.
        List<Message> messages =
        [
            Message("carol", "common frequent zebra", at: 0),
            Message("alice", "common frequent", at: 1),
            .. Enumerable.Range(2, 40).Select(i => Message("alice", i % 2 == 0 ? $"common {i}" : $"frequent {i}", at: i)),
            .. Enumerable.Range(42, 12).Select(i => Message("bob", $"other {i}", at: i)),
        ];
        await SaveAsync([.. messages.Select(Save)]);

        Assert.Equal(["common frequent zebra"], await FindAsync("common frequent zeb"));
        Assert.Equal(["common frequent zebra"], await FindAsync("zebra comm"));
        Assert.Equal(["common frequent zebra"], await FindAsync("zebra", from: "carol"));
        Assert.Empty(await FindAsync("common frequent"));
        Assert.Equal(["common frequent", "common frequent zebra"], await FindAsync("common frequent", before: MessageCursor.Of(messages[4])));
        Assert.Equal(Enumerable.Range(44, 10).Reverse().Select(i => $"other {i}"), await FindAsync("other", limit: 20));
        Assert.Empty(await FindAsync("comm"));
        Assert.Equal(["common 40", "common 38"], await FindAsync("comm", before: MessageCursor.Of(messages[41]), limit: 2));
    }

    [Fact]
    public async Task What_is_no_text_is_refused_alone()
    {
        var results = await SaveAsync(Save(Message("alice", "before")), Save(Message("mallory", "half \ud800", at: 1)), Save(Message("bob", "after", at: 2)));

        Assert.Equal([SaveResultKind.Saved, SaveResultKind.Refused, SaveResultKind.Saved], results);
        Assert.Equal(["before", "after"], Contents(await Archive.ReadAsync("general", null, null, 10, None)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Two_archives_that_save_the_same_in_random_order_give_what_merging_says(int seed)
    {
        var random = new Random(seed);
        var messages = Enumerable.Range(0, 12).Select(i => Message("alice", $"m{i}", at: i, clientId: $"c{i}")).ToList();
        var items = new List<SaveItem>();
        var expected = new List<Message>();
        foreach (var message in messages)
        {
            var again = message with { Timestamp = message.Timestamp.AddMilliseconds(random.Next(-5, 50)) };
            SaveItem[] changes =
            [
                .. Enumerable.Range(0, random.Next(4)).Select(i => Edit(message, $"edit {i}", at: random.Next(100, 104), editId: $"{i}")),
                .. Enumerable.Range(0, random.Next(6)).Select(i => React(message, $"user{i % 3}", i % 2 == 0 ? "👍" : "a.b$c", random.Next(2) == 0, at: random.Next(100, 104))),
                .. random.Next(5) == 0 ? [Delete(message, at: random.Next(100, 104))] : Array.Empty<SaveItem>(),
            ];
            items.AddRange([Save(message), Save(again), .. changes]);
            expected.Add(changes.Cast<SaveChange>().Aggregate(MessageMerge.Merge(message, again), (m, c) => MessageMerge.Apply(m, c.Change)));
        }

        var other = await OpenAsync();
        await Task.WhenAll(new[] { Archive, other }.Select(async (archive, i) =>
        {
            var order = items.ToArray();
            new Random(seed + (i * 1_000)).Shuffle(order);
            foreach (var batch in order.Chunk(1 + (seed * 3)))
            {
                Assert.DoesNotContain(await archive.SaveAsync(batch, None), r => r.Kind == SaveResultKind.Refused);
            }
        }));

        Assert.Equal(
            expected.Order(MessageMerge.Order).Select(Shown),
            (await Archive.ReadAsync("general", null, null, 100, None)).Select(Shown));
    }
}
