using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.State;

namespace Chat.Tests.Failures;

/// <summary>
/// One of many sockets: a WebSocket with SignalR's JSON protocol and nothing else, so that thousands fit into one process. It does what the
/// browser's client does, with the same waits: it reconnects with the same backoff, catches up when it is told to and at the moment it is
/// told, and fetches what follows its last contiguous message when a number shows a gap.
/// </summary>
internal sealed class CrowdSocket : IAsyncDisposable
{
    /// <summary>Fewer messages than the browser reads at once, because the rooms of a test are young.</summary>
    public const int PageSize = 20;

    private const byte RecordSeparator = 0x1e;
    private const int MaxPages = 20;
    private const int MaxAttemptsForNumbers = 6;

    /// <summary>A gap that closes by itself is not worth a request.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan NewEpochForEachMember = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan NewEpochWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LivedAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(1);
    private static readonly byte[] Handshake = [.. "{\"protocol\":\"json\",\"version\":1}"u8, RecordSeparator];
    private static readonly byte[] Ping = [.. "{\"type\":6}"u8, RecordSeparator];
    private readonly CrowdMember _member;
    private readonly CrowdTraffic _traffic;
    private readonly int _index;
    private readonly bool _readsRoomList;
    private readonly TimeSpan _newEpochWithin;
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), Random.Shared);
    private readonly Backoff _historyBackoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), Random.Shared);
    private readonly Dictionary<string, CrowdRoom> _rooms;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private Link _link = new(0, CancellationToken.None);
    private bool _told;
    private bool _resyncWaits;
    private bool _refreshing;
    private bool _refreshAgain;
    private volatile bool _isConnected;

    /// <param name="member">Whose socket it is.</param>
    /// <param name="traffic">The way to the APIs.</param>
    /// <param name="index">Its place in the crowd; the first connections are dealt out to the APIs in turn.</param>
    /// <param name="roomSize">How many sockets are in each of its rooms: what the browser knows as the number of members.</param>
    /// <param name="readsRoomList">Whether it reads the list of rooms after every resync.</param>
    public CrowdSocket(CrowdMember member, CrowdTraffic traffic, int index, int roomSize, bool readsRoomList)
    {
        _newEpochWithin = TimeSpan.FromTicks(Math.Min((roomSize * NewEpochForEachMember).Ticks, NewEpochWithin.Ticks));
        _member = member;
        _traffic = traffic;
        _index = index;
        _readsRoomList = readsRoomList;
        _rooms = member.Rooms.ToDictionary(id => id, id => new CrowdRoom(id));
    }

    public string Name => _member.Username;

    /// <summary>What it shows of each room, in room order.</summary>
    public IEnumerable<(string RoomId, IReadOnlyList<Message> Messages)> Screens => _rooms.Values.Select(r => (r.Id, r.Messages));

    public void Start(TimeSpan after) => _running = Task.Run(() => RunAsync(after));

    /// <summary>Connected, nothing missing, and a message that was sent after the time is on the screen of every room.</summary>
    public bool IsLiveSince(DateTimeOffset time) => _isConnected && _rooms.Values.All(r => r.IsWholeSince(time));

    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{Name}: {(_isConnected ? "connected" : "not connected")}, {string.Join(", ", _rooms.Values)}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(TimeSpan after)
    {
        await Task.Delay(after, _stop.Token);
        for (var attempt = 0; !_stop.IsCancellationRequested; attempt++)
        {
            if (await LiveAsync() > LivedAfter)
            {
                attempt = 0;
            }

            await Task.Delay(_backoff.After(attempt), _stop.Token);
        }
    }

    /// <summary>One connection from its making to its end; how long it was open.</summary>
    private async Task<TimeSpan> LiveAsync()
    {
        long? open = null;
        using var life = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        try
        {
            using var socket = await ConnectAsync(life.Token);
            open = System.Diagnostics.Stopwatch.GetTimestamp();
            lock (_gate)
            {
                (_link, _told, _resyncWaits) = (new Link(_link.Number + 1, life.Token), false, false);
            }

            _isConnected = true;
            var pinging = PingAsync(socket, life.Token);
            _ = ResyncLaterAsync(ToldWithin, life.Token);
            await ReadAsync(socket, life);
            await life.CancelAsync();
            await pinging;
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException or OperationCanceledException or IOException)
        {
            _traffic.Count(open is null ? "not connected" : "connection lost");
        }
        finally
        {
            _isConnected = false;
            await life.CancelAsync();
        }

        return open is { } since ? System.Diagnostics.Stopwatch.GetElapsedTime(since) : TimeSpan.Zero;
    }

    private static async Task PauseAsync(TimeSpan time, CancellationToken connected) =>
        await Task.Delay(time, connected).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task<ClientWebSocket> ConnectAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectWithin);
        using (var me = await _traffic.GetAsync("me", "/api/auth/me", _member, limit.Token))
        {
            me.EnsureSuccessStatusCode();
        }

        var socket = await _traffic.OpenAsync(_member, _link.Number == 0 ? _index : Random.Shared.Next(), limit.Token);
        try
        {
            await socket.SendAsync(Handshake, WebSocketMessageType.Text, endOfMessage: true, limit.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task PingAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        try
        {
            using var timer = new PeriodicTimer(PingEvery);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await socket.SendAsync(Ping, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The reading sees the end.
        }
    }

    private async Task ReadAsync(ClientWebSocket socket, CancellationTokenSource life)
    {
        var buffer = new byte[4 * 1024];
        var filled = 0;
        while (true)
        {
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            life.CancelAfter(SilentFor);
            var received = await socket.ReceiveAsync(buffer.AsMemory(filled), life.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            filled += received.Count;
            var begin = 0;
            while (buffer.AsSpan(begin, filled - begin).IndexOf(RecordSeparator) is var length and >= 0)
            {
                if (!OnRecord(buffer.AsSpan(begin, length)))
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, life.Token);
                    return;
                }

                begin += length + 1;
            }

            buffer.AsSpan(begin, filled - begin).CopyTo(buffer);
            filled -= begin;
        }
    }

    /// <summary>False when the server closes the connection.</summary>
    private bool OnRecord(ReadOnlySpan<byte> record)
    {
        if (record.StartsWith("{\"type\":1,\"target\":\"MessageReceived\""u8))
        {
            var message = Argument(record, ChatJson.Default.Message);
            if (_rooms.TryGetValue(message.RoomId, out var room) && !room.Receive(message))
            {
                CatchUp(room, room.HasNewEpoch ? Patience + (_newEpochWithin * Random.Shared.NextDouble()) : Patience);
            }
        }
        else if (record.StartsWith("{\"type\":1,\"target\":\"Resync\""u8))
        {
            ToldToResync(Argument(record, ChatJson.Default.ResyncEvent));
        }

        return !record.StartsWith("{\"type\":7"u8);
    }

    private static T Argument<T>(ReadOnlySpan<byte> record, JsonTypeInfo<T> type)
    {
        var begin = record.IndexOf("\"arguments\":["u8) + "\"arguments\":["u8.Length;
        return JsonSerializer.Deserialize(record[begin..^2], type) ?? throw new JsonException("An event without its argument.");
    }

    private void ToldToResync(ResyncEvent resync)
    {
        var delay = TimeSpan.FromMilliseconds(resync.DelayMilliseconds ?? 0);
        if (resync.RoomId is { } one)
        {
            if (_rooms.TryGetValue(one, out var room))
            {
                CatchUp(room, TimeSpan.Zero, delay);
                RefreshRooms(delay + RefreshAfter);
            }

            return;
        }

        CancellationToken connected;
        lock (_gate)
        {
            _told = true;
            connected = _link.Connected;
            if (delay > TimeSpan.Zero && _resyncWaits)
            {
                return;
            }

            _resyncWaits = delay > TimeSpan.Zero;
        }

        _ = ResyncAfterAsync(delay, connected);
    }

    /// <summary>The server says when a new connection hears of everything; a client that is not told catches up by itself.</summary>
    private async Task ResyncLaterAsync(TimeSpan delay, CancellationToken connected)
    {
        await PauseAsync(delay, connected);
        if (!_told && !connected.IsCancellationRequested)
        {
            await ResyncAfterAsync(TimeSpan.Zero, connected);
        }
    }

    private async Task ResyncAfterAsync(TimeSpan delay, CancellationToken connected)
    {
        await PauseAsync(delay, connected);
        if (connected.IsCancellationRequested)
        {
            return;
        }

        lock (_gate)
        {
            _resyncWaits = false;
        }

        foreach (var room in _rooms.Values)
        {
            CatchUp(room, TimeSpan.Zero);
        }

        RefreshRooms(TimeSpan.Zero);
    }

    private async void RefreshRooms(TimeSpan soon)
    {
        if (!_readsRoomList)
        {
            return;
        }

        CancellationToken connected;
        lock (_gate)
        {
            _refreshAgain = _refreshing;
            if (_refreshing)
            {
                return;
            }

            _refreshing = true;
            connected = _link.Connected;
        }

        await PauseAsync(soon, connected);
        for (var attempt = 0; !connected.IsCancellationRequested; attempt++)
        {
            var read = await TryGetAsync("rooms", "/api/rooms", connected);
            read?.Dispose();
            lock (_gate)
            {
                if (read is not null && !_refreshAgain)
                {
                    break;
                }

                _refreshAgain = false;
            }

            await PauseAsync(_backoff.After(attempt), connected);
        }

        lock (_gate)
        {
            _refreshing = false;
        }
    }

    private void CatchUp(CrowdRoom room, TimeSpan patience, TimeSpan delay = default)
    {
        Link link;
        lock (_gate)
        {
            link = _link;
        }

        if (room.TryBegin(link.Number, again: patience == TimeSpan.Zero))
        {
            _ = CatchUpAsync(room, patience, delay, link);
        }
    }

    private async Task CatchUpAsync(CrowdRoom room, TimeSpan patience, TimeSpan delay, Link link)
    {
        await PauseAsync(patience + delay, link.Connected);
        if (patience > TimeSpan.Zero && room.TryEnd(link.Number, healed: true))
        {
            return;
        }

        for (var attempt = 0; !link.Connected.IsCancellationRequested; attempt++)
        {
            room.BeginAttempt();
            var healed = await TryCatchUpAsync(room, link.Connected);
            if (healed && attempt >= MaxAttemptsForNumbers)
            {
                room.ForgetAhead();
            }

            if (room.TryEnd(link.Number, healed))
            {
                return;
            }

            if (!room.IsAskedAgain)
            {
                await PauseAsync(_historyBackoff.After(attempt), link.Connected);
            }
        }

        room.Abandon(link.Number);
    }

    /// <summary>True when the answers were complete up to the end.</summary>
    private async Task<bool> TryCatchUpAsync(CrowdRoom room, CancellationToken connected)
    {
        var cursor = room.CatchUpFrom;
        var complete = true;
        for (var pages = 0; pages < MaxPages; pages++)
        {
            var path = $"/api/rooms/{room.Id}/messages?limit={PageSize}{(cursor is null ? "" : $"&after={cursor}")}";
            using var answer = await TryGetAsync("history", path, connected);
            if (answer is null || await ReadPageAsync(answer, connected) is not { } page)
            {
                return false;
            }

            complete &= page.Complete && (page.Messages.Count > 0 || !page.HasMoreAfter);
            room.Take(page, complete && !page.HasMoreAfter);
            if (!page.Complete)
            {
                _traffic.Count("incomplete page");
            }

            if (!page.HasMoreAfter || page.Messages.Count == 0)
            {
                return complete;
            }

            cursor = HistoryKey.Of(page.Messages[^1]);
        }

        return false;
    }

    private static async Task<MessagePage?> ReadPageAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, ChatJson.Default.MessagePage, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>Null when it was not answered, or refused.</summary>
    private async Task<HttpResponseMessage?> TryGetAsync(string kind, string path, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _traffic.GetAsync(kind, path, _member, cancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            answer.Dispose();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                _traffic.Count($"{kind}: {e.GetType().Name}");
            }
        }

        return null;
    }

    /// <summary>The number of the connection, from one, and what ends with it.</summary>
    private sealed record Link(int Number, CancellationToken Connected);
}
