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

    public override Task DisposeAsync() => _database?.DisposeAsync().AsTask() ?? Task.CompletedTask;

    protected override Task<IMessageArchive> OpenAsync()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        return Task.FromResult<IMessageArchive>(new MongoMessageArchive(_database.Gate()));
    }

    [SkippableFact]
    public async Task A_document_has_the_fields_of_the_contract_and_a_date()
    {
        var message = Message("alice", "Hello", at: 7);
        await SaveAsync(Save(message));

        var document = await _database!.Raw().GetCollection<BsonDocument>("messages").Find(new BsonDocument("_id", message.Id)).SingleAsync();

        Assert.Equal(("alice", "general", "Hello"), (document["sender"].AsString, document["roomId"].AsString, document["content"].AsString));
        Assert.Equal(Noon.AddMilliseconds(7).ToUnixTimeMilliseconds(), document["timestamp"].AsBsonDateTime.MillisecondsSinceEpoch);
    }

    [SkippableFact]
    public async Task What_is_no_text_is_refused_alone()
    {
        var results = await SaveAsync(Save(Message("alice", "before")), Save(Message("mallory", "half \ud800", at: 1)), Save(Message("bob", "after", at: 2)));

        Assert.Equal([SaveResultKind.Saved, SaveResultKind.Refused, SaveResultKind.Saved], results);
        Assert.Equal(["before", "after"], Contents(await Archive.ReadAsync("general", null, null, 10, None)));
    }

    [SkippableTheory]
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
