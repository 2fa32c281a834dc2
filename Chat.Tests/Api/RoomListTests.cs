using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Reflection;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Recent;
using Chat.Backends.Rooms;
using Chat.Backends.Saving;
using Chat.Backends.Users;
using Chat.Contracts;
using Chat.Servers;
using Chat.Tests.Backends;
using Chat.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Chat.Tests.Api;

/// <summary>What <c>GET /api/rooms</c> costs, and that its counts are right whatever Redis and the archive hold.</summary>
[Collection(ApiGroup.Name)]
public sealed class RoomListTests(ApiFixture api, MongoFixture mongo) : IClassFixture<MongoFixture>
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    [Fact]
    public async Task A_list_of_sixty_rooms_takes_as_many_statements_and_round_trips_as_one_of_three()
    {
        await using var instance = api.StartAnother(Counted);
        using var statements = new SqliteStatements();

        var few = await ListAsync(instance, 3, statements.Count);

        Assert.Equal(few, await ListAsync(instance, 60, statements.Count));
        // The rooms, their members, the people of direct ones, the newest messages, the counts: those of sessions come on top.
        Assert.InRange(few.Commands, 6, 8);
        Assert.Equal(2, few.RoundTrips);
    }

    [Fact]
    public async Task A_list_of_sixty_rooms_takes_as_many_commands_to_MongoDB_as_one_of_three()
    {
        await using var database = new MongoTestDatabase(mongo.ConnectionString);
        var gate = database.Gate();
        await MongoMilestones.CompleteAsync(gate.Collections, gate.UnreadScan, default);
        await using var instance = api.StartAnother(services =>
        {
            Counted(services);
            services.AddSingleton<IMessageArchive>(new MongoMessageArchive(gate));
            services.AddSingleton<IRoomStore>(new MongoRoomStore(gate));
            services.AddSingleton<IUserDirectory>(new MongoUserDirectory(gate));
        });

        var few = await ListAsync(instance, 3, () => database.Commands.Count);

        Assert.Equal(few, await ListAsync(instance, 60, () => database.Commands.Count));
        Assert.InRange(few.Commands, 10, 12);
        Assert.Equal(2, few.RoundTrips);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Counts_are_those_of_the_whole_history_whatever_is_saved_trimmed_deleted_or_lost(int seed)
    {
        var random = new Random(seed);
        await using var instance = api.StartAnother();
        await using var reader = await TestUser.SignedUpAsync(instance);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(api.Redis.ConnectionString);
        var recent = instance.Services.GetRequiredService<IRecentMessages>();
        var archive = instance.Services.GetRequiredService<IMessageArchive>();
        var rooms = instance.Services.GetRequiredService<IRoomStore>();
        var histories = new Dictionary<string, Dictionary<string, Message>>(StringComparer.Ordinal);
        var marks = new Dictionary<string, MessageCursor>(StringComparer.Ordinal);
        var unsaved = new List<SaveItem>();
        for (var i = 0; i < 4; i++)
        {
            var id = await CreateRoomAsync(rooms, reader.Name, RoomKind.Public, joined: Now);
            histories[id] = [];
            marks[id] = new MessageCursor(Now, "");
        }

        for (var (step, time) = (0, 0); step < 8; step++)
        {
            foreach (var (room, history) in histories)
            {
                for (var i = random.Next(60); i > 0; i--)
                {
                    time++;
                    // Some were sent before the reader joined.
                    string[] mentions = random.Next(6) switch
                    {
                        0 => [reader.Name],
                        1 => ["room"],
                        2 => [reader.Name, "room"],
                        _ => [],
                    };
                    var sender = random.Next(4) == 0 ? reader.Name : "somebody";
                    var message = Message(room, sender, time - (step == 0 ? 20 : 0), mentions);
                    history[message.Id] = message;
                    Assert.NotNull(await recent.AppendAsync(message, default));
                    unsaved.Add(new SaveMessage(message));
                }

                if (history.Count > 0 && random.Next(2) == 0)
                {
                    var deleted = history.Values.ElementAt(random.Next(history.Count));
                    var change = new MessageDeleted { RoomId = room, Id = deleted.Id, Username = deleted.Sender, At = Now.AddHours(1) };
                    history[deleted.Id] = MessageMerge.Apply(deleted, change);
                    await recent.ApplyAsync(change, default);
                    unsaved.Add(new SaveChange(change));
                }

                if (history.Count > 0 && random.Next(4) == 0)
                {
                    var read = MessageCursor.Of(history.Values.ElementAt(random.Next(history.Count)));
                    await rooms.MarkReadAsync(room, reader.Name, read, default);
                    marks[room] = (read.Timestamp, read.Id).CompareTo((marks[room].Timestamp, marks[room].Id)) > 0 ? read : marks[room];
                }
            }

            // What was trimmed or deleted counts as the archive has it, so it is saved; what is newer may wait.
            var later = random.Next(3) == 0 ? [] : unsaved.OfType<SaveMessage>().TakeLast(random.Next(20)).ToList<SaveItem>();
            var saved = unsaved.Except(later).ToArray();
            random.Shuffle(saved);
            foreach (var batch in saved.Concat(saved.Take(10)).Chunk(50))
            {
                await archive.SaveAsync(batch, default);
            }

            unsaved = later;
            if (step % 3 == 2)
            {
                // Late: sent before others, and appended and saved after them.
                foreach (var (room, history) in histories.Where(h => h.Value.Count > 0))
                {
                    var message = Message(room, "somebody", time - random.Next(30), ["room"]);
                    history[message.Id] = message;
                    await recent.AppendAsync(message, default);
                    await archive.SaveAsync([new SaveMessage(message)], default);
                }
            }

            if (unsaved.Count == 0 && random.Next(2) == 0)
            {
                foreach (var room in histories.Keys)
                {
                    await redis.GetDatabase().KeyDeleteAsync($"room:{room}:messages");
                }
            }

            await AssertRightAsync();
        }

        async Task AssertRightAsync()
        {
            using var answer = await reader.GetAsync("/api/rooms");
            var list = (await answer.ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK)).ToDictionary(r => r.Id);
            foreach (var (room, history) in histories)
            {
                var unread = history.Values.Where(m => m.Sender != reader.Name && m.DeletedAt is null && IsAfter(m, marks[room])).ToList();
                Assert.Equal(
                    (room, history.Values.Max(MessageMerge.Order)?.Id, unread.Count, unread.Count(m => m.Mentions.Count > 0)),
                    (room, list[room].LastMessage?.Id, list[room].Unread, list[room].Mentions));
                using var one = await reader.GetAsync($"/api/rooms/{room}");
                var single = await one.ReadAsync<RoomSummary>(HttpStatusCode.OK);
                if (single.LastReadMessageId == list[room].LastReadMessageId)
                {
                    Assert.Equal((list[room].Unread, list[room].Mentions), (single.Unread, single.Mentions));
                }
            }
        }

        static bool IsAfter(Message message, MessageCursor mark) =>
            message.Timestamp > mark.Timestamp || (message.Timestamp == mark.Timestamp && string.CompareOrdinal(message.Id, mark.Id) > 0);
    }

    [Fact]
    public async Task The_list_is_right_while_Redis_or_the_archive_is_unavailable_and_after_it()
    {
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        await using var redis = new RedisServer(ServerFinder.Redis);
        await redis.StartAsync();
        var archive = new ArchiveThatFails();
        await using var instance = api.StartAnother(
            services =>
            {
                var real = services.Last(s => s.ServiceType == typeof(IMessageArchive) && !s.IsKeyedService).ImplementationFactory!;
                services.AddSingleton(s => ArchiveThatFails.Of((IMessageArchive)real(s), archive));
            },
            redis.ConnectionString);
        await using var reader = await TestUser.SignedUpAsync(instance);
        await using var speaker = await TestUser.SignedUpAsync(instance);
        var room = await speaker.RoomAsync(members: reader);
        await SayAsync("one");
        await SayAsync($"two @{reader.Name}");
        await EventuallyAsync(reader, "two", 2, 1);

        archive.Fails = true;
        await EventuallyAsync(reader, "two", 2, 1);
        archive.Fails = false;

        await redis.StopAsync();
        await EventuallyAsync(reader, "two", 2, 1);
        await SayAsync("three");
        await EventuallyAsync(reader, "three", 3, 1);

        await redis.StartAsync();
        await EventuallyAsync(reader, "three", 3, 1);
        await SayAsync("four @room");
        await EventuallyAsync(reader, "four", 4, 2);
        // Another instance remembers nothing of all that.
        await using var elsewhere = await reader.OtherDeviceAsync(api.First);
        await EventuallyAsync(elsewhere, "four", 4, 2);

        async Task SayAsync(string content)
        {
            var message = await speaker.SayAsync(room.Id, content);
            await Servers.Eventually.AsyncTrue(async () =>
                await api.First.Services.GetRequiredService<IMessageArchive>().FindAsync(message.Id, default) is not null);
        }

        Task EventuallyAsync(TestUser user, string last, int unread, int mentions) => Servers.Eventually.AsyncTrue(async () =>
        {
            using var answer = await user.GetAsync("/api/rooms");
            var one = (await answer.ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK)).SingleOrDefault(r => r.Id == room.Id);
            return one?.LastMessage?.Content.StartsWith(last, StringComparison.Ordinal) == true
                && (one.Unread, one.Mentions) == (unread, mentions);
        });
    }

    /// <summary>An archive that is unavailable for the list when the test says so.</summary>
    public class ArchiveThatFails : DispatchProxy
    {
        private IMessageArchive? _inner;
        private ArchiveThatFails? _switch;

        public bool Fails { get; set; }

        public static IMessageArchive Of(IMessageArchive inner, ArchiveThatFails failing)
        {
            var archive = Create<IMessageArchive, ArchiveThatFails>();
            var proxy = (ArchiveThatFails)(object)archive;
            (proxy._inner, proxy._switch) = (inner, failing);
            return archive;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => !_switch!.Fails
            ? targetMethod!.Invoke(_inner, args)
            : targetMethod!.Name switch
            {
                nameof(IMessageArchive.ReadNewestAsync) =>
                    Task.FromException<IReadOnlyDictionary<string, Message>>(new BackendUnavailableException("chatdb")),
                nameof(IMessageArchive.CountUnreadAsync) =>
                    Task.FromException<IReadOnlyDictionary<string, UnreadCount>>(new BackendUnavailableException("chatdb")),
                _ => targetMethod.Invoke(_inner, args),
            };
    }

    private static Message Message(string room, string sender, int at, string[] mentions)
    {
        var clientId = Guid.NewGuid().ToString("N");
        return new Message
        {
            Id = MessageId.For(sender, clientId),
            Sender = sender,
            RoomId = room,
            Content = "text",
            Timestamp = Now.AddMilliseconds(at),
            ClientId = clientId,
            Mentions = mentions,
        };
    }

    private static async Task<string> CreateRoomAsync(IRoomStore rooms, string username, RoomKind kind, DateTimeOffset joined)
    {
        var id = $"list-{Guid.NewGuid():N}";
        var other = TestUser.NewName();
        var room = new Room
        {
            Id = id,
            Name = "Room",
            Kind = kind,
            CreatedBy = username,
            CreatedAt = Now,
            DirectMembers = kind == RoomKind.Direct ? [.. new[] { other, username }.Order(StringComparer.Ordinal)] : null,
        };
        Assert.True(await rooms.CreateAsync(
            room, [new Membership { RoomId = id, Username = username, Role = MemberRole.Owner, JoinedAt = joined }], default));
        return id;
    }

    /// <summary>What one list costs somebody who has so many rooms: of each kind of unread messages a third.</summary>
    private static async Task<(int Commands, int RoundTrips)> ListAsync(ApiInstance instance, int count, Func<int> commands)
    {
        await using var user = await TestUser.SignedUpAsync(instance);
        var recent = instance.Services.GetRequiredService<IRecentMessages>();
        var archive = instance.Services.GetRequiredService<IMessageArchive>();
        var rooms = instance.Services.GetRequiredService<IRoomStore>();
        var ids = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var id = await CreateRoomAsync(rooms, user.Name, i % 3 == 0 ? RoomKind.Direct : RoomKind.Private, Now.AddMinutes(-1));
            ids.Add(id);
            var messages = Enumerable.Range(0, 3).Select(n => Message(id, "somebody", n, ["room"])).ToList();
            if (i % 3 == 1)
            {
                await recent.AppendAsync(messages[0], default);
            }
            else if (i % 3 == 2)
            {
                await archive.SaveAsync([.. messages.Select(m => new SaveMessage(m))], default);
            }
        }

        using var activity = new Activity(nameof(RoomListTests)).Start();
        var calls = (CountedCalls)(object)recent;
        var (before, asked) = (commands(), calls.Count);
        using var answer = await user.GetAsync("/api/rooms");
        var list = await answer.ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK);
        var cost = (commands() - before, calls.Count - asked);

        var byId = list.ToDictionary(r => r.Id);
        int[] expected = [0, 1, 3];
        Assert.All(ids, (id, i) => Assert.Equal((expected[i % 3], expected[i % 3]), (byId[id].Unread, byId[id].Mentions)));
        return cost;
    }

    private static void Counted(IServiceCollection services) =>
        services.AddSingleton(s => CountedCalls.Of(ActivatorUtilities.CreateInstance<RedisRecentMessages>(s)));

    /// <summary>Each call about any number of rooms is one round trip.</summary>
    public class CountedCalls : DispatchProxy
    {
        private IRecentMessages? _inner;
        private int _count;

        public int Count => _count;

        public static IRecentMessages Of(IRecentMessages inner)
        {
            var counted = Create<IRecentMessages, CountedCalls>();
            ((CountedCalls)(object)counted)._inner = inner;
            return counted;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Interlocked.Increment(ref _count);
            return targetMethod!.Invoke(_inner, args);
        }
    }

    /// <summary>The statements that SQLite executes for the test's own calls.</summary>
    private sealed class SqliteStatements : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _done = new();
        private readonly ActivityListener _listener;

        public SqliteStatements()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = _ => true,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = a =>
                {
                    if (a.OperationName == "sqlite")
                    {
                        _done.Enqueue(a);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        /// <summary>Of the current trace.</summary>
        public int Count() => _done.Where(a => a.TraceId == Activity.Current?.TraceId)
            .Sum(a => a.GetTagItem("db.operation.batch.size") as int? ?? 1);

        public void Dispose() => _listener.Dispose();
    }
}
