using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Failures;

/// <summary>
/// One person with one device, on the public contract alone: signs in, connects to any API process, reconnects, catches
/// up, and sends again with the same client id until it is acknowledged.
/// </summary>
internal sealed class Participant : IAsyncDisposable
{
    private const string Password = "correct horse battery";
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private readonly IReadOnlyList<Uri> _apis;
    private readonly DeliveryLog _log;
    private readonly int _seed;
    private readonly Random _random;
    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Screen> _screens = new();
    private readonly ConcurrentDictionary<string, Rounds> _catchUps = new();
    private volatile HubConnection? _connection;
    private int _api;
    private Task? _connecting;

    public Participant(string username, IReadOnlyList<Uri> apis, int firstApi, DeliveryLog log, int seed)
    {
        _seed = seed;
        _random = new Random(unchecked((seed * 31) + firstApi));
        Username = username;
        _apis = apis;
        _api = firstApi;
        _log = log;
        _http = new HttpClient(new SocketsHttpHandler
        {
            CookieContainer = _cookies,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2),
        })
        {
            Timeout = CallTimeout,
        };
    }

    public string Username { get; }

    /// <summary>Clients' acknowledged messages: id to content.</summary>
    public ConcurrentDictionary<string, string> Accepted { get; } = new();

    /// <summary>Accepted edits: message id to the new content.</summary>
    public ConcurrentDictionary<string, string> AcceptedEdits { get; } = new();

    /// <summary>Accepted reactions: message id and emoji.</summary>
    public ConcurrentDictionary<(string Id, string Emoji), bool> AcceptedReactions { get; } = new();

    public ConcurrentQueue<string> Trouble { get; } = new();

    /// <summary>For every connection that was lost: from its end until another was open, and until what was missed was on the screen.</summary>
    public ConcurrentQueue<(TimeSpan Connected, TimeSpan CaughtUp)> Resumes { get; } = new();

    public Screen ScreenOf(string roomId) => _screens.GetOrAdd(roomId, id => new Screen(id, _log.Shown));

    private Uri Api => _apis[_api % _apis.Count];

    public async Task SignUpAsync(CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsJsonAsync(
            new Uri(Api, "/api/auth/register"), new Credentials(Username, Password), ChatJson.Default.Credentials, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<string> CreateRoomAsync(string name, CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsJsonAsync(
            new Uri(Api, "/api/rooms"), new CreateRoomRequest(name), ChatJson.Default.CreateRoomRequest, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync(ChatJson.Default.RoomSummary, cancellationToken))!.Id;
    }

    public async Task JoinAsync(string roomId, CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsJsonAsync(
            new Uri(Api, $"/api/rooms/{roomId}/members"), new AddMemberRequest(), ChatJson.Default.AddMemberRequest, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The same person on another device, with a session of its own.</summary>
    public async Task<Participant> OtherDeviceAsync(int firstApi, IReadOnlyList<string> rooms, CancellationToken cancellationToken)
    {
        var device = new Participant(Username, _apis, firstApi, _log, _seed);
        using var answer = await device._http.PostAsJsonAsync(
            new Uri(device.Api, "/api/auth/login"), new Credentials(Username, Password), ChatJson.Default.Credentials, cancellationToken);
        answer.EnsureSuccessStatusCode();
        device.StayConnected(rooms);
        return device;
    }

    /// <summary>Connects and stays connected, over whichever API process answers, until disposed.</summary>
    public void StayConnected(IEnumerable<string> rooms)
    {
        foreach (var room in rooms)
        {
            ScreenOf(room);
        }

        _connecting = Task.Run(ConnectLoopAsync);
    }

    public bool IsConnected => _connection?.State == HubConnectionState.Connected;

    /// <summary>Sends until acknowledged or the run ends; false when it was never acknowledged.</summary>
    public async Task<bool> SendAsync(string roomId, string clientId, string content, CancellationToken cancellationToken)
    {
        _log.Sent(MessageId.For(Username, clientId));
        for (var attempt = 0; !cancellationToken.IsCancellationRequested; attempt++)
        {
            var connection = _connection;
            if (connection is { State: HubConnectionState.Connected })
            {
                var begun = _log.Now;
                try
                {
                    using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    timeout.CancelAfter(CallTimeout);
                    var receipt = await connection.InvokeAsync<SendReceipt>(
                        nameof(IChatServer.SendMessage), new SendMessage(roomId, content, clientId), timeout.Token);
                    Accepted[receipt.Id] = content;
                    _log.Answered(begun, accepted: true);
                    return true;
                }
                catch (HubException refused) when (refused.Message.Contains(ErrorCodes.RateLimited, StringComparison.Ordinal))
                {
                    Trouble.Enqueue($"send: {refused.Message}");
                }
                catch (Exception trouble) when (trouble is not OutOfMemoryException)
                {
                    // A refusal, a lost connection or no answer: all the same to somebody who sends again.
                    _log.Answered(begun, accepted: false);
                    Trouble.Enqueue($"send: {trouble.Message}");
                }
            }

            await Pause(100 + (100 * Math.Min(attempt, 10)), cancellationToken);
        }

        return false;
    }

    public Task<bool> EditAsync(string roomId, string id, string content, CancellationToken cancellationToken) =>
        TryAsync(nameof(IChatServer.EditMessage), new EditMessage(roomId, id, content), () => AcceptedEdits[id] = content, cancellationToken);

    public Task<bool> ReactAsync(string roomId, string id, string emoji, CancellationToken cancellationToken) =>
        TryAsync(nameof(IChatServer.React), new React(roomId, id, emoji, On: true), () => AcceptedReactions[(id, emoji)] = true, cancellationToken);

    /// <summary>Reads the whole room from its newest page back, as a newcomer's client would; null when it could not or not completely.</summary>
    public async Task<IReadOnlyList<Message>?> ReadHistoryAsync(int api, string roomId, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, Message>();
        string? before = null;
        for (var pages = 0; pages < 1_000; pages++)
        {
            var page = await PageAsync(_apis[api], roomId, before is null ? "limit=100" : $"limit=100&before={before}", cancellationToken);
            if (page is not { Complete: true })
            {
                return null;
            }

            foreach (var message in page.Messages)
            {
                if (!all.TryAdd(message.Id, message))
                {
                    Trouble.Enqueue($"history shows {message.Id} twice");
                }
            }

            if (!page.HasMoreBefore || page.Messages.Count == 0)
            {
                break;
            }

            before = page.Messages[0].Id;
        }

        return [.. all.Values.Order(MessageMerge.Order)];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_connecting is not null)
        {
            await _connecting;
        }

        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }

        _http.Dispose();
        _stop.Dispose();
    }

    /// <summary>
    /// Asks until it is accepted, as the web client's outbox does: what a killed API had shown and not yet kept is kept by asking
    /// again. False when it was refused for good.
    /// </summary>
    private async Task<bool> TryAsync<T>(string method, T argument, Action accepted, CancellationToken cancellationToken)
    {
        for (var attempt = 0; !cancellationToken.IsCancellationRequested; attempt++)
        {
            if (_connection is { State: HubConnectionState.Connected } connection)
            {
                try
                {
                    using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    timeout.CancelAfter(CallTimeout);
                    await connection.InvokeAsync(method, argument, timeout.Token);
                    accepted();
                    return true;
                }
                catch (HubException refused) when (refused.Message.Contains(ErrorCodes.MessageNotFound, StringComparison.Ordinal))
                {
                    return false;
                }
                catch (Exception trouble) when (trouble is not OutOfMemoryException)
                {
                    Trouble.Enqueue($"{method}: {trouble.Message}");
                }
            }

            await Pause(100 + (100 * Math.Min(attempt, 10)), cancellationToken);
        }

        return false;
    }

    private async Task ConnectLoopAsync()
    {
        var attempt = 0;
        long? lostAt = null;
        while (!_stop.IsCancellationRequested)
        {
            var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var connection = Build(new Uri(Api, IChatServer.Path));
            connection.Closed += _ =>
            {
                closed.TrySetResult();
                return Task.CompletedTask;
            };
            try
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                timeout.CancelAfter(TimeSpan.FromSeconds(5));
                await connection.StartAsync(timeout.Token);
                _connection = connection;
                attempt = 0;
                _ = ResumeAsync(lostAt);
                await closed.Task.WaitAsync(_stop.Token);
                lostAt = System.Diagnostics.Stopwatch.GetTimestamp();
            }
            catch (Exception trouble) when (trouble is not OutOfMemoryException)
            {
                if (!_stop.IsCancellationRequested)
                {
                    Trouble.Enqueue($"connect: {trouble.Message}");
                }
            }

            await connection.DisposeAsync();
            _api++;
            await Pause(_random.Next(50, 200 + (200 * Math.Min(attempt++, 5))), _stop.Token);
        }
    }

    private async Task ResumeAsync(long? lostAt)
    {
        var connected = lostAt is { } lost ? System.Diagnostics.Stopwatch.GetElapsedTime(lost) : default;
        await Task.WhenAll(_screens.Keys.Select(room => CatchUpAsync(room, whole: false)));
        if (lostAt is { } since)
        {
            Resumes.Enqueue((connected, System.Diagnostics.Stopwatch.GetElapsedTime(since)));
        }
    }

    private HubConnection Build(Uri url)
    {
        var connection = new HubConnectionBuilder()
            .WithUrl(url, HttpTransportType.WebSockets, o =>
            {
                o.Cookies = _cookies;
                o.SkipNegotiation = true;
            })
            .AddJsonProtocol(o => o.PayloadSerializerOptions = ChatJson.Default.Options)
            .Build();
        connection.ServerTimeout = TimeSpan.FromSeconds(10);
        connection.KeepAliveInterval = TimeSpan.FromSeconds(3);
        connection.On<Message>(nameof(IChatClient.MessageReceived), message =>
        {
            if (_screens.TryGetValue(message.RoomId, out var screen) && !screen.Receive(message))
            {
                _ = CatchUpAsync(message.RoomId, whole: false);
            }
        });
        connection.On<MessageEdited>(nameof(IChatClient.MessageEdited), Change);
        connection.On<MessageDeleted>(nameof(IChatClient.MessageDeleted), Change);
        connection.On<ReactionChanged>(nameof(IChatClient.ReactionChanged), Change);
        connection.On<ResyncEvent>(nameof(IChatClient.Resync), resync =>
        {
            _ = ResyncAsync(resync);
        });
        return connection;
    }

    /// <summary>At the moment that the server chose, so that not all clients ask at once.</summary>
    private async Task ResyncAsync(ResyncEvent resync)
    {
        await Pause(resync.DelayMilliseconds ?? 0, _stop.Token);
        // One that names a room says that a page of it may have lacked something, which no number shows.
        foreach (var room in resync.RoomId is null ? _screens.Keys : [resync.RoomId])
        {
            _ = CatchUpAsync(room, whole: resync.RoomId is not null);
        }
    }

    private void Change(MessageChange change)
    {
        if (_screens.TryGetValue(change.RoomId, out var screen) && !screen.Change(change))
        {
            _ = CatchUpAsync(change.RoomId, whole: false);
        }
    }

    private Task CatchUpAsync(string roomId, bool whole) =>
        _catchUps.GetOrAdd(roomId, id => new Rounds(fromTheStart => CatchUpPatientlyAsync(id, fromTheStart))).AskAsync(whole);

    private async Task CatchUpPatientlyAsync(string roomId, bool whole)
    {
        for (var attempt = 0; attempt < 200 && !_stop.IsCancellationRequested; attempt++)
        {
            if (await CatchUpOnceAsync(roomId, whole))
            {
                return;
            }

            await Pause(200 + (100 * Math.Min(attempt, 8)), _stop.Token);
        }
    }

    /// <summary>
    /// What follows the last contiguous message, and the changes after the contiguous number. Or whole, all that the screen keeps: where
    /// the server cannot tell these changes, nothing says which were missed.
    /// </summary>
    private async Task<bool> CatchUpOnceAsync(string roomId, bool whole)
    {
        var screen = ScreenOf(roomId);
        var (seq, epoch) = screen.Position;
        var cursor = whole ? null : screen.CatchUpCursor;
        whole |= cursor is null;
        var complete = true;
        for (var pages = 0; pages < 1_000; pages++)
        {
            var page = await PageAsync(
                Api, roomId, cursor is null ? $"limit=100&after=0_{new string('0', MessageId.Length)}" : $"limit=100&after={cursor}", _stop.Token);
            if (page is null)
            {
                return false;
            }

            complete &= page.Complete;
            screen.CatchUp(page);
            if (!page.HasMoreAfter || page.Messages.Count == 0)
            {
                if (complete && !whole && !await CatchUpChangesAsync(screen, epoch, seq, page))
                {
                    return await CatchUpOnceAsync(roomId, whole: true);
                }

                if (complete)
                {
                    screen.Settle(page);
                }

                return complete;
            }

            cursor = page.Messages[^1].Id;
        }

        return false;
    }

    /// <summary>False when the server cannot tell all changes after the number, or did not answer.</summary>
    private async Task<bool> CatchUpChangesAsync(Screen screen, string epoch, long seq, MessagePage page)
    {
        if (page.Epoch != epoch || epoch is "")
        {
            return false;
        }

        if (page.ChangesNumbered && page.Seq == seq)
        {
            return true;
        }

        var changes = await GetAsync(
            new Uri(Api, $"/api/rooms/{screen.RoomId}/changes?epoch={epoch}&since={seq}"), ChatJson.Default.ChangePage, _stop.Token);
        screen.CatchUp(changes?.Changes ?? []);
        return changes is { Complete: true };
    }

    private Task<MessagePage?> PageAsync(Uri api, string roomId, string query, CancellationToken cancellationToken) =>
        GetAsync(new Uri(api, $"/api/rooms/{roomId}/messages?{query}"), ChatJson.Default.MessagePage, cancellationToken);

    private async Task<T?> GetAsync<T>(Uri address, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            using var answer = await _http.GetAsync(address, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                Trouble.Enqueue($"history: {(int)answer.StatusCode}");
                return null;
            }

            return await answer.Content.ReadFromJsonAsync(type, cancellationToken);
        }
        catch (Exception trouble) when (trouble is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private static async Task Pause(int milliseconds, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(milliseconds, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The run ends; the caller's loop sees it.
        }
    }
}
