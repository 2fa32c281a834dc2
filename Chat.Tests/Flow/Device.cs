using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using Chat.Api.Realtime;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.EndToEnd;

/// <summary>Somebody with one session at API processes, who does nothing by themselves: no retry, no reconnect before the test is over.</summary>
internal sealed class Device : IAsyncDisposable
{
    private readonly CookieContainer _cookies = new();
    private readonly List<HubConnection> _connections = [];
    private readonly string _name = $"d-{Guid.NewGuid().ToString("N")[..10]}";

    public Device() => Http = new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies });

    public HttpClient Http { get; }

    public string Name => _name;

    public CookieContainer Cookies => _cookies;

    public async Task<string> SignUpWithRoomAsync(Uri api, CancellationToken cancellationToken)
    {
        using var signedUp = await Http.PostAsJsonAsync(
            new Uri(api, "/api/auth/register"), new Credentials(_name, "correct horse battery"), ChatJson.Default.Credentials, cancellationToken);
        Assert.Equal(HttpStatusCode.Created, signedUp.StatusCode);
        using var made = await Http.PostAsJsonAsync(
            new Uri(api, "/api/rooms"), new CreateRoomRequest(_name), ChatJson.Default.CreateRoomRequest, cancellationToken);
        return (await made.Content.ReadFromJsonAsync(ChatJson.Default.RoomSummary, cancellationToken))!.Id;
    }

    public async Task<Socket> ConnectAsync(Uri api, CancellationToken cancellationToken, bool messagePack = false)
    {
        var builder = new HubConnectionBuilder()
            .WithUrl(new Uri(api, IChatServer.Path), HttpTransportType.WebSockets, o =>
            {
                o.Cookies = _cookies;
                o.SkipNegotiation = true;
            })
            .WithAutomaticReconnect([TimeSpan.FromMinutes(5)]);
        var connection = (messagePack
            ? builder.AddMessagePackProtocol(o => o.SerializerOptions = MessagePackJson.Options)
            : builder.AddJsonProtocol(o => o.PayloadSerializerOptions = ChatJson.Default.Options)).Build();
        _connections.Add(connection);
        var socket = new Socket(connection);
        await connection.StartAsync(cancellationToken);
        // From here on it hears of everything.
        await socket.Entered.WaitAsync(cancellationToken);
        return socket;
    }

    /// <summary>What the server answers to a WebSocket's handshake.</summary>
    public async Task<HttpStatusCode> ShakeHandsAsync(Uri api, CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket { Options = { Cookies = _cookies, CollectHttpResponseDetails = true } };
        try
        {
            await socket.ConnectAsync(new UriBuilder(new Uri(api, IChatServer.Path)) { Scheme = "ws" }.Uri, cancellationToken);
        }
        catch (WebSocketException)
        {
            // The status says it.
        }

        return socket.HttpStatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        Http.Dispose();
    }
}

/// <summary>A connection, and how it ended.</summary>
internal sealed class Socket
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception?> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Socket(HubConnection hub)
    {
        Hub = hub;
        hub.On<ResyncEvent>(nameof(IChatClient.Resync), _ => _entered.TrySetResult());
        hub.On<Message>(nameof(IChatClient.MessageReceived), message => Heard.TryAdd(message.Id, message));
        // Without the server's leave, SignalR's client does not reconnect at all: then this is not called.
        hub.Reconnecting += error =>
        {
            _asked.TrySetResult(error);
            return Task.CompletedTask;
        };
        hub.Closed += error =>
        {
            _asked.TrySetException(new InvalidOperationException("Closed without leave to reconnect.", error));
            return Task.CompletedTask;
        };
    }

    public HubConnection Hub { get; }

    public System.Collections.Concurrent.ConcurrentDictionary<string, Message> Heard { get; } = new();

    public Task Entered => _entered.Task;

    /// <summary>The server closed it and lets the client reconnect; with an error when the connection was rather cut.</summary>
    public Task<Exception?> AskedToReconnect => _asked.Task;

    public bool IsOpen => Hub.State == HubConnectionState.Connected;

    public Task<SendReceipt> SendAsync(string room, string content, string clientId, CancellationToken cancellationToken) =>
        Hub.InvokeAsync<SendReceipt>(nameof(IChatServer.SendMessage), new SendMessage(room, content, clientId), cancellationToken);
}
