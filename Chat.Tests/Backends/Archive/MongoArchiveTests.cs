using System.Globalization;
using System.Text.RegularExpressions;
using Chat.Backends.Archive;
using Chat.Backends.Rooms;
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

    protected override async Task<IMessageArchive> OpenAsync()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        var gate = _database.Gate();
        await MongoMilestones.CompleteAsync(gate.Collections, gate.UnreadScan, None);
        return new MongoMessageArchive(gate);
    }

    [Fact]
    public async Task One_list_takes_as_many_commands_for_sixty_rooms_as_for_three()
    {
        var rooms = Enumerable.Range(0, 60).Select(i => $"room{i}").ToArray();
        var messages = rooms.SelectMany(r => Enumerable.Range(0, 3).Select(i => Message("alice", "@bob", at: i, room: r, mentions: "bob")));
        await SaveAsync([.. messages.Select(Save)]);

        var few = await CommandsAsync(rooms[..3]);

        Assert.Equal(few, await CommandsAsync(rooms));
        Assert.Equal(["find", "find", "find", "find", "aggregate", "aggregate"], few);

        async Task<string[]> CommandsAsync(string[] some)
        {
            _database!.Commands.Clear();
            Assert.Equal(some.Length, (await Archive.ReadNewestAsync(some, None)).Count);
            var counts = await Archive.CountUnreadAsync("bob", [.. some.Select(r => new UnreadRange(r))], None);
            Assert.All(some, r => Assert.Equal(new UnreadCount(3, 3), counts[r]));
            return [.. _database.Commands.Select(c => c.ElementAt(0).Name)];
        }
    }

    [Fact]
    public async Task Who_was_away_from_a_long_room_costs_its_newest_messages_and_no_more()
    {
        const int Scan = 1_100;
        const int Count = 2_000;
        _database!.Options.UnreadScan = Scan;
        foreach (var batch in Enumerable.Range(0, Count).Select(i => Save(Message("alice", "@bob", at: i, mentions: "bob"))).Chunk(100))
        {
            await SaveAsync(batch);
        }

        _database.Commands.Clear();
        Assert.Equal(new UnreadCount(Limits.UnreadMax, Limits.UnreadMax), await UnreadAsync("bob", new UnreadRange("general")));

        var begins = _database.Commands.Where(c => c.ElementAt(0).Name == "aggregate").Select(Begin).ToList();
        // A milestone and what is not counted yet are the only difference.
        Assert.Equal(2, begins.Count);
        Assert.All(begins, at => Assert.InRange(at, Count - (Scan * 5 / 4), Count - Scan));
        _database.Commands.Clear();
        Assert.Equal("@bob", (await Archive.ReadNewestAsync(["general"], None))["general"].Content);
        var newest = _database.Commands.First(c => c.Contains("find") && c["find"] == "messages");
        Assert.InRange(Begin(newest), Count - (3 * Milestones.Step), Count);

        static int Begin(BsonDocument command) =>
            (int)(Regex.Matches(command.ToJson(), @"""\$gte"" : \{ ""\$date"" : ""([^""]+)""")
                .Select(m => DateTimeOffset.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Min() - Noon).TotalMilliseconds;
    }

    [Fact]
    public async Task What_is_unread_before_many_messages_that_do_not_count_is_counted()
    {
        const int Scan = 100;
        _database!.Options.UnreadScan = Scan;
        await SaveAsync([.. Enumerable.Range(0, 30).Select(i => Save(Message("alice", "@bob", at: i, mentions: "bob")))]);
        foreach (var batch in Enumerable.Range(100, 2 * Scan).Select(i => Message("alice", "@bob", at: i, mentions: "bob")).Chunk(50))
        {
            await SaveAsync([.. batch.Select(Save), .. batch.Select(m => Delete(m, at: 5_000))]);
        }

        Assert.Equal(new UnreadCount(30, 30), await UnreadAsync("bob", new UnreadRange("general")));
    }

    [Fact]
    public async Task Rooms_from_before_there_were_milestones_are_listed_and_get_theirs_once()
    {
        var gate = _database!.Gate();
        var milestones = gate.Collections.Milestones;
        await gate.Collections.Rooms.InsertOneAsync(MongoRoom.Of(new Room
        {
            Id = "general",
            Name = "General",
            Kind = RoomKind.Public,
            CreatedBy = "alice",
            CreatedAt = Noon,
        }), cancellationToken: None);
        await SaveRoomAsync(100);
        await milestones.DeleteManyAsync(FilterDefinition<MongoMilestones>.Empty, None);

        Assert.Equal("m99", (await Archive.ReadNewestAsync(["general", "empty"], None))["general"].Content);
        Assert.Equal(new UnreadCount(50, 0), await UnreadAsync("bob", new UnreadRange("general")));
        await MongoMilestones.CompleteAsync(gate.Collections, gate.UnreadScan, None);
        var (known, areComplete) = await MongoMilestones.ReadAsync(gate.Collections, ["general"], None);

        Assert.True(areComplete);
        Assert.Equal(100, known["general"].List.Sum(m => m.Count));
        Assert.Equal(Noon, known["general"].List[0].At);
        Assert.Equal("m99", (await Archive.ReadNewestAsync(["general", "empty"], None))["general"].Content);
        Assert.Equal(new UnreadCount(50, 0), await UnreadAsync("bob", new UnreadRange("general")));
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
