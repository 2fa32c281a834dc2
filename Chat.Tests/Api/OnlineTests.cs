using Chat.Api.Authority;
using Chat.Api.Presence;
using Chat.Api.Realtime;
using Chat.Api.Rooms;
using Chat.Backends.Pods;
using Chat.Backends.Presence;
using Chat.Contracts;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Servers;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Api;

/// <summary>One pod's view of who is online, with a clock, a store and a path to other pods that the test controls.</summary>
public sealed class OnlineTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly FakePresenceStore _store = new();
    private readonly FakePodChannel _channel = new();
    private readonly FakeHub _hub = new();
    private readonly Connections _connections = new();
    private readonly MemoryCache _memory = new(new MemoryCacheOptions());
    private readonly RoomsOfPeople _rooms = new();
    private TestPod _pod = null!;
    private Online _online = null!;

    public async ValueTask InitializeAsync()
    {
        _pod = await TestPod.StartAsync("127.0.0.1:1", configure: o => o.StartTimeout = TimeSpan.FromMilliseconds(10));
        var copies = new AuthorityCopies(_pod.Gate, NullLogger<AuthorityCopies>.Instance);
        var access = new RoomAccess(_rooms, copies, _memory, _time, NullLogger<RoomAccess>.Instance);
        _online = new Online(_store, _channel, _hub, _connections, access, _time, NullLogger<Online>.Instance);
        await _online.StartAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        await _online.StopAsync(default);
        _online.Dispose();
        _memory.Dispose();
        await _pod.DisposeAsync();
    }

    [Fact]
    public async Task People_who_come_within_a_second_are_one_report_and_one_event_and_later_ones_only_what_changed()
    {
        await UntilAsync(() => _store.Reads > 0);
        var crowd = Enumerable.Range(0, 200).Select(i => Connect($"user{i}", "general")).ToList();
        await UntilAsync(() => !_channel.Published.IsEmpty);
        // The first of the crowd may have been seen alone.
        await UntilAsync(() => _channel.Presence.Sum(p => p.People!.Count) == crowd.Count);
        Assert.InRange(_channel.Published.Count, 1, 2);
        Assert.InRange(_store.Replaced.Count + _store.Changed.Count, 1, 2);
        Assert.All(_channel.Presence, p => Assert.Equal(Enumerable.Range(0, p.People!.Count), p.Rooms!["general"]));

        var before = (_channel.Published.Count, _store.Changed.Count, _store.Replaced.Count);
        Connect("late", "general");
        await UntilAsync(() => _channel.Published.Count > before.Item1);
        Assert.Equal(
            (before.Item1 + 1, before.Item2 + 1, before.Item3), (_channel.Published.Count, _store.Changed.Count, _store.Replaced.Count));
        Assert.Equal(["late"], _store.Changed[^1].Came);
        Assert.Empty(_store.Changed[^1].Gone);
        Assert.Equal([new PresenceEvent("late", true)], _channel.Presence[^1].People!);
    }

    [Fact]
    public async Task When_nothing_changes_nothing_is_sent_and_without_users_Redis_is_asked_every_fifteen_seconds()
    {
        await UntilAsync(() => _store.Reads > 0);
        var before = _store.Calls;
        for (var second = 0; second < 60; second++)
        {
            await PassAsync(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(_store.Calls - before, 0, 4);
        Assert.Empty(_channel.Published);
    }

    [Fact]
    public async Task A_page_that_reloads_changes_nothing_and_one_that_closes_does()
    {
        var connection = Connect("alice", "general");
        await UntilAsync(() => _channel.Published.Count == 1);

        Disconnect(connection);
        await PassAsync(TimeSpan.FromSeconds(2));
        connection = Connect("alice", "general");
        for (var second = 0; second < 10; second++)
        {
            await PassAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Single(_channel.Published);

        Disconnect(connection);
        await UntilAsync(() => _channel.Published.Count == 2);
        Assert.Equal([new PresenceEvent("alice", false)], _channel.Presence[1].People!);
        Assert.Equal([0], _channel.Presence[1].Rooms!["general"]);
        Assert.False(_online.IsOnline("alice"));
    }

    [Fact]
    public async Task Those_who_share_a_room_hear_of_people_of_other_pods_and_no_store_is_asked_for_rooms()
    {
        var alice = Connect("alice", "general", "team");
        Connect("bob", "other");
        await UntilAsync(() => _channel.Presence.Sum(p => p.People!.Count) == 2);
        _hub.Sent.Clear();

        await _online.ApplyAsync(Event("p2", 1, ("carol", true), ("dave", true), ("erin", true)) with
        {
            Rooms = new Dictionary<string, IReadOnlyList<int>> { ["general"] = [0, 2], ["team"] = [2], ["elsewhere"] = [1] },
        });

        Assert.Equal(
            [("general", new PresenceEvent("carol", true)), (alice.Id, new PresenceEvent("erin", true))],
            _hub.Sent.Select(s => (s.To, (PresenceEvent)s.Said)));
        Assert.Equal(0, _rooms.Calls);
        Assert.All(["carol", "dave", "erin"], username => Assert.True(_online.IsOnline(username)));
    }

    [Fact]
    public async Task Somebody_at_two_pods_is_offline_when_the_last_of_them_says_so()
    {
        var rooms = new Dictionary<string, IReadOnlyList<int>> { ["general"] = [0] };
        Connect("alice", "general");
        await UntilAsync(() => _channel.Published.Count == 1);
        _hub.Sent.Clear();
        await _online.ApplyAsync(Event("p2", 1, ("carol", true)) with { Rooms = rooms });
        await _online.ApplyAsync(Event("p3", 1, ("carol", true)) with { Rooms = rooms });
        await _online.ApplyAsync(Event("p2", 2, ("carol", false)) with { Rooms = rooms });
        Assert.Equal([new PresenceEvent("carol", true)], _hub.Said);

        await _online.ApplyAsync(Event("p3", 2, ("carol", false)) with { Rooms = rooms });
        Assert.Equal([new PresenceEvent("carol", true), new PresenceEvent("carol", false)], _hub.Said);
    }

    [Fact]
    public async Task The_people_of_a_pod_that_died_or_whose_event_was_lost_are_taken_from_the_store()
    {
        Connect("alice", "general");
        _rooms.Add("carol", "general");
        _rooms.Add("dave", "general");
        await UntilAsync(() => _channel.Published.Count == 1);
        _hub.Sent.Clear();
        _store.Others = [new PodPresence("p2", 4, ["carol", "dave"])];
        await UntilAsync(() => _hub.Sent.Count == 2);
        Assert.Equal(["carol", "dave"], _hub.Said.Cast<PresenceEvent>().Where(p => p.Online).Select(p => p.Username).Order());

        // Known now, so it is not read again until an event is lost.
        _hub.Sent.Clear();
        _store.Others = [new PodPresence("p2", 4, null)];
        var reads = _store.Reads;
        await UntilAsync(() => _store.Reads > reads);
        Assert.Equal(4, _store.Known["p2"]);
        await _online.ApplyAsync(Event("p2", 6, ("carol", false)) with
        {
            Rooms = new Dictionary<string, IReadOnlyList<int>> { ["general"] = [0] },
        });
        _store.Others = [new PodPresence("p2", 6, ["erin"])];
        reads = _store.Reads;
        await UntilAsync(() => _store.Reads > reads);
        Assert.False(_store.Known.ContainsKey("p2"));
        await UntilAsync(() => _hub.Said.Contains(new PresenceEvent("dave", false)));

        _store.Others = [];
        await UntilAsync(() => _hub.Said.Contains(new PresenceEvent("carol", false)));
        reads = _store.Reads;
        await UntilAsync(() => _store.Reads > reads + 1);
        Assert.False(_online.IsOnline("erin"));
    }

    [Fact]
    public async Task A_pod_of_before_reports_one_by_one()
    {
        _rooms.Add("carol", "general");
        Connect("alice", "general");
        await UntilAsync(() => _channel.Published.Count == 1);
        _hub.Sent.Clear();
        await _online.ApplyAsync(new PresenceChanged("carol", true));
        await _online.ApplyAsync(new PresenceChanged("carol", false));
        Assert.Equal([new PresenceEvent("carol", true), new PresenceEvent("carol", false)], _hub.Said);
    }

    [Fact]
    public async Task A_store_that_fails_in_an_unexpected_way_stops_nothing_and_gets_all_as_soon_as_it_works()
    {
        await UntilAsync(() => _store.Reads > 0);
        _store.Fails = true;
        Connect("alice", "general");
        await UntilAsync(() => _channel.Presence.Sum(p => p.People!.Count) == 1);
        Connect("bob", "general");
        await UntilAsync(() => _channel.Presence.Sum(p => p.People!.Count) == 2);

        _store.Fails = false;
        await UntilAsync(() => _store.Replaced.Count > 0);
        Assert.Equal(["alice", "bob"], _store.Replaced[^1].Order());
    }

    private static PresenceChanged Event(string pod, long version, params (string Username, bool Online)[] people) =>
        new(people[0].Username, people[0].Online)
        {
            Pod = pod,
            Version = version,
            People = [.. people.Select(p => new PresenceEvent(p.Username, p.Online))],
        };

    private Connection Connect(string username, params string[] rooms)
    {
        var connection = new Connection(Guid.NewGuid().ToString("N"), username, "session", null!);
        _connections.Add(connection);
        foreach (var room in rooms)
        {
            _connections.Enter(room, username);
        }

        _online.Connected(username);
        return connection;
    }

    private void Disconnect(Connection connection) => _online.Disconnected(connection.Username, _connections.Remove(connection)!.Rooms);

    /// <summary>Lets the clock run until the condition holds.</summary>
    private Task UntilAsync(Func<bool> condition) => Eventually.AsyncTrue(() =>
    {
        if (condition())
        {
            return true;
        }

        _time.Advance(TimeSpan.FromMilliseconds(500));
        return false;
    });

    /// <summary>Lets the clock run, and whoever waited for it.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        await Task.Delay(5);
    }

    private sealed class FakePresenceStore : IPresenceStore
    {
        private readonly Lock _gate = new();

        public List<IReadOnlyCollection<string>> Replaced { get; } = [];

        /// <summary>Reports with a change in them.</summary>
        public List<(IReadOnlyCollection<string> Came, IReadOnlyCollection<string> Gone)> Changed { get; } = [];

        public IReadOnlyList<PodPresence> Others { get; set; } = [];

        public IReadOnlyDictionary<string, long> Known { get; private set; } = new Dictionary<string, long>();

        public bool Fails { get; set; }

        public int Calls { get; private set; }

        public int Reads { get; private set; }

        public ValueTask<bool> ReplaceAsync(string podId, long version, IReadOnlyCollection<string> online, CancellationToken cancellationToken)
        {
            Call();
            Replaced.Add(online);
            return new(true);
        }

        public ValueTask<bool> ChangeAsync(
            string podId, long from, long to, IReadOnlyCollection<string> came, IReadOnlyCollection<string> gone, CancellationToken cancellationToken)
        {
            Call();
            if (came.Count + gone.Count > 0)
            {
                Changed.Add((came, gone));
            }

            return new(true);
        }

        public ValueTask<IReadOnlyList<PodPresence>?> ReadAsync(IReadOnlyDictionary<string, long> known, CancellationToken cancellationToken)
        {
            Call();
            Known = known;
            Reads++;
            return new(Others);
        }

        public ValueTask WithdrawAsync(string podId, CancellationToken cancellationToken) => default;

        private void Call()
        {
            lock (_gate)
            {
                Calls++;
            }

            if (Fails)
            {
                throw new InvalidOperationException("WRONGTYPE");
            }
        }
    }
}
