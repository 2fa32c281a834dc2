using Chat.Api.Realtime;
using Chat.Api.Rooms;
using Chat.Backends;
using Chat.Backends.Pods;
using Chat.Backends.Presence;
using Chat.Contracts;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Presence;

/// <summary>
/// Who is online, as this pod knows it: its own users, what other pods report as it happens, and every 15 s what the store has, which
/// also shows pods that died. Changes are collected: at most once a second this pod stores what changed and tells the other pods, and
/// when nothing changed it does not. Those who share a room with somebody hear of it. Best effort, like everything about presence.
/// </summary>
public sealed partial class Online(
    IPresenceStore store,
    IPodChannel channel,
    IHubContext<ChatHub, IChatClient> hub,
    Connections connections,
    RoomAccess access,
    TimeProvider time,
    ILogger<Online> logger) : BackgroundService
{
    /// <summary>How long somebody stays online without a connection, so that nobody notices a page that reloads.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly RecheckSignal _changed = new(time);
    private readonly Lock _gate = new();
    private readonly PresenceMap _map = new();

    // Who came since the last report. Emptied by it.
    private readonly HashSet<string> _came = new(StringComparer.Ordinal);

    // Whose last connection closed, when they go offline, and the rooms they were in. Emptied by coming back or by going offline.
    private readonly Dictionary<string, (DateTimeOffset At, IReadOnlyCollection<string> Rooms)> _leaving = new(StringComparer.Ordinal);
    private long _version;
    private bool _isStored;

    /// <summary>The user has a connection that hears of all their rooms.</summary>
    public void Connected(string username)
    {
        lock (_gate)
        {
            _leaving.Remove(username);
            if (!_map.IsOwn(username) && _came.Add(username))
            {
                _changed.Request();
            }
        }
    }

    /// <summary>The user's last connection here closed.</summary>
    /// <param name="username">The user.</param>
    /// <param name="rooms">Those that the user was in.</param>
    public void Disconnected(string username, IReadOnlyCollection<string> rooms)
    {
        lock (_gate)
        {
            _leaving[username] = (time.GetUtcNow() + Linger, rooms);
        }

        _changed.Request();
    }

    /// <summary>Whether the user is online anywhere, as far as this pod knows.</summary>
    public bool IsOnline(string username)
    {
        lock (_gate)
        {
            return _map.IsOnline(username) || connections.IsConnected(username);
        }
    }

    /// <summary>Another pod reports changes. Events of this pod itself change nothing.</summary>
    public async Task ApplyAsync(PresenceChanged presence)
    {
        ArgumentNullException.ThrowIfNull(presence);
        if (presence.Pod == channel.PodId)
        {
            return;
        }

        IReadOnlyList<PresenceEvent> news;
        lock (_gate)
        {
            news = presence.Pod is { } pod && presence.People is { } people
                ? _map.Apply(pod, presence.Version, people)
                : _map.ApplyUnversioned(new PresenceEvent(presence.Username, presence.Online));
        }

        if (presence.People is { } named && presence.Rooms is { } rooms)
        {
            Tell(news, named, rooms);
        }
        else
        {
            await LookUpAndTellAsync(news);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await store.WithdrawAsync(channel.PodId, cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        ResilientLoop.RunAsync(nameof(Online), RunAsync, time, logger, stoppingToken);

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var renewal = DateTimeOffset.MinValue;
        while (true)
        {
            var now = time.GetUtcNow();
            await ReportAsync(now, cancellationToken);
            if (now >= renewal)
            {
                renewal = now + RedisPresenceStore.RenewEvery;
                await RenewAsync(cancellationToken);
            }

            // Whatever changes within the second is one report.
            await Task.Delay(Pause, time, cancellationToken);
            var next = NextDeparture() is { } departure && departure < renewal ? departure : renewal;
            now = time.GetUtcNow();
            if (next > now)
            {
                await _changed.WaitAsync(next - now, cancellationToken);
            }
        }
    }

    private DateTimeOffset? NextDeparture()
    {
        lock (_gate)
        {
            return _leaving.Count > 0 ? _leaving.Values.Min(l => l.At) : null;
        }
    }

    /// <summary>Stores what changed since the last report and tells everybody, unless nothing did.</summary>
    private async Task ReportAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<PresenceEvent> people = [];
        IReadOnlyList<PresenceEvent> news;
        Dictionary<string, List<int>> rooms = new(StringComparer.Ordinal);
        lock (_gate)
        {
            foreach (var username in _came)
            {
                if (connections.IsConnected(username))
                {
                    Add(new PresenceEvent(username, true), connections.RoomsOf(username));
                }
            }

            _came.Clear();
            foreach (var (username, (at, left)) in _leaving.Where(l => l.Value.At <= now).ToList())
            {
                _leaving.Remove(username);
                if (_map.IsOwn(username) && !connections.IsConnected(username))
                {
                    Add(new PresenceEvent(username, false), left);
                }
            }

            news = _map.ApplyOwn(people);
        }

        if (people.Count == 0)
        {
            return;
        }

        var shared = rooms.ToDictionary(r => r.Key, r => (IReadOnlyList<int>)r.Value, StringComparer.Ordinal);
        Tell(news, people, shared);
        _version++;
        // First the store: who hears of a version must not find an older one there.
        await StoreAsync(people, cancellationToken);
        await channel.PublishAsync(
            new PresenceChanged(people[0].Username, people[0].Online)
            {
                Pod = channel.PodId,
                Version = _version,
                People = people,
                Rooms = shared,
            },
            cancellationToken);

        void Add(PresenceEvent person, IReadOnlyCollection<string> theirs)
        {
            foreach (var room in theirs)
            {
                if (!rooms.TryGetValue(room, out var indexes))
                {
                    indexes = rooms[room] = [];
                }

                indexes.Add(people.Count);
            }

            people.Add(person);
        }
    }

    private async Task StoreAsync(List<PresenceEvent> people, CancellationToken cancellationToken)
    {
        var stored = _isStored;
        // Until the store has said that it has this version, it gets all with the next report.
        _isStored = false;
        try
        {
            _isStored = (stored && await store.ChangeAsync(
                    channel.PodId,
                    people.Count == 0 ? _version : _version - 1,
                    _version,
                    [.. people.Where(p => p.Online).Select(p => p.Username)],
                    [.. people.Where(p => !p.Online).Select(p => p.Username)],
                    cancellationToken))
                || await store.ReplaceAsync(channel.PodId, _version, Own(), cancellationToken);
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            // The other pods are told all the same.
            LogNotStored(e);
        }
    }

    private IReadOnlyCollection<string> Own()
    {
        lock (_gate)
        {
            return _map.Own();
        }
    }

    /// <summary>Renews this pod's report, unless it is empty, and takes over what other pods reported that no event told of.</summary>
    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        if (Own().Count > 0)
        {
            await StoreAsync([], cancellationToken);
        }

        IReadOnlyDictionary<string, long> known;
        lock (_gate)
        {
            known = _map.Versions();
        }

        if (await store.ReadAsync(known, cancellationToken) is not { } reports)
        {
            return;
        }

        IReadOnlyList<PresenceEvent> news;
        lock (_gate)
        {
            news = _map.Replace([.. reports.Where(r => r.PodId != channel.PodId)]);
        }

        await LookUpAndTellAsync(news);
    }

    /// <summary>Tells those here who share a room with somebody, by the rooms that the report names.</summary>
    private void Tell(
        IReadOnlyList<PresenceEvent> news, IReadOnlyList<PresenceEvent> people, IReadOnlyDictionary<string, IReadOnlyList<int>> rooms)
    {
        if (news.Count == 0 || connections.Count == 0)
        {
            return;
        }

        var shared = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var (room, indexes) in rooms)
        {
            if (!connections.IsHere(room))
            {
                continue;
            }

            foreach (var index in indexes)
            {
                AddTo(shared, people[index].Username, room);
            }
        }

        Tell(news, shared);
    }

    /// <summary>
    /// Tells those here who share a room with somebody where nothing names the rooms: a pod died, or its event was lost. Costs at most as
    /// many queries as there are people, or rooms with somebody here, whichever are fewer.
    /// </summary>
    private async Task LookUpAndTellAsync(IReadOnlyList<PresenceEvent> news)
    {
        if (news.Count == 0 || connections.Count == 0)
        {
            return;
        }

        try
        {
            var here = connections.Rooms();
            var shared = new Dictionary<string, List<string>>(StringComparer.Ordinal);
            if (news.Count <= here.Count)
            {
                foreach (var person in news)
                {
                    foreach (var room in (await access.RoomsOfAsync(person.Username, CancellationToken.None)).Where(connections.IsHere))
                    {
                        AddTo(shared, person.Username, room);
                    }
                }
            }
            else
            {
                foreach (var room in here)
                {
                    var members = (await access.MembersOfAsync(room, CancellationToken.None)).ToHashSet(StringComparer.Ordinal);
                    foreach (var person in news.Where(n => members.Contains(n.Username)))
                    {
                        AddTo(shared, person.Username, room);
                    }
                }
            }

            Tell(news, shared);
        }
        catch (BackendUnavailableException unavailable)
        {
            access.NoteFallback(unavailable);
        }
    }

    private void Tell(IReadOnlyList<PresenceEvent> news, Dictionary<string, List<string>> shared)
    {
        foreach (var person in news)
        {
            if (!shared.TryGetValue(person.Username, out var rooms))
            {
                continue;
            }

            if (rooms.Count == 1)
            {
                hub.Clients.Group(rooms[0]).PresenceChanged(person).NotAwaited();
                continue;
            }

            // Each connection once; a send to several groups would reach those who are in two of them twice.
            foreach (var connection in connections.In(rooms))
            {
                hub.Clients.Client(connection.Id).PresenceChanged(person).NotAwaited();
            }
        }
    }

    private static void AddTo(Dictionary<string, List<string>> shared, string username, string room)
    {
        if (!shared.TryGetValue(username, out var rooms))
        {
            rooms = shared[username] = [];
        }

        rooms.Add(room);
    }

    [LoggerMessage(1340, LogLevel.Error, "The users of this pod could not be stored")]
    private partial void LogNotStored(Exception exception);
}
