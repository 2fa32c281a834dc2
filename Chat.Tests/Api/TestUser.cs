using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Threading.Channels;
using Chat.Api.Realtime;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>Somebody with a cookie jar, and with sockets when they want some.</summary>
internal sealed class TestUser : IAsyncDisposable
{
    public const string Password = "correct horse battery";
    private static int _number;
    private readonly CookieContainer _cookies;
    private readonly List<HubConnection> _connections = [];

    private TestUser(string name, ApiInstance api, CookieContainer cookies)
    {
        Name = name;
        Api = api;
        _cookies = cookies;
        Http = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies }) { BaseAddress = api.Address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public string Name { get; }

    public ApiInstance Api { get; }

    public HttpClient Http { get; }

    /// <summary>What the cookie jar would send.</summary>
    public string CookieHeader => _cookies.GetCookieHeader(Api.Address);

    public static string NewName() => $"user{Interlocked.Increment(ref _number)}-{Guid.NewGuid().ToString("N")[..6]}";

    /// <summary>Nobody yet.</summary>
    public static TestUser Stranger(ApiInstance api) => new(NewName(), api, new CookieContainer());

    public static async Task<TestUser> SignedUpAsync(ApiInstance api)
    {
        var user = Stranger(api);
        using var answer = await user.PostAsync("/api/auth/register", new Credentials(user.Name, Password));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return user;
    }

    /// <summary>The same person on another device.</summary>
    public async Task<TestUser> OtherDeviceAsync(ApiInstance? api = null, string password = Password)
    {
        var other = new TestUser(Name, api ?? Api, new CookieContainer());
        using var answer = await other.PostAsync("/api/auth/login", new Credentials(Name, password));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return other;
    }

    /// <summary>The same device at another instance: its cookies go along (ports do not separate cookies).</summary>
    public TestUser At(ApiInstance api) => new(Name, api, _cookies);

    public Task<HttpResponseMessage> GetAsync(string path) => Http.GetAsync(new Uri(path, UriKind.Relative));

    public Task<HttpResponseMessage> PostAsync<T>(string path, T body) => SendAsync(HttpMethod.Post, path, body);

    public Task<HttpResponseMessage> PostAsync(string path) => Http.PostAsync(new Uri(path, UriKind.Relative), null);

    public Task<HttpResponseMessage> PatchAsync<T>(string path, T body) => SendAsync(HttpMethod.Patch, path, body);

    public Task<HttpResponseMessage> PutAsync(string path) => Http.PutAsync(new Uri(path, UriKind.Relative), null);

    public Task<HttpResponseMessage> DeleteAsync(string path) => Http.DeleteAsync(new Uri(path, UriKind.Relative));

    public async Task<HttpResponseMessage> SendAsync<T>(HttpMethod method, string path, T body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative))
        {
            Content = JsonContent.Create(body, options: ChatJson.Default.Options),
        };
        return await Http.SendAsync(request);
    }

    public async Task<RoomSummary> RoomAsync(string? name = null, RoomKind kind = RoomKind.Public, params TestUser[] members)
    {
        using var answer = await PostAsync("/api/rooms", new CreateRoomRequest(name ?? "Room of " + Name, kind));
        var room = await answer.ReadAsync<RoomSummary>(HttpStatusCode.Created);
        foreach (var member in members)
        {
            using var added = await PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest(member.Name));
            Assert.Equal(HttpStatusCode.OK, added.StatusCode);
        }

        return room;
    }

    public async Task<Message> SayAsync(string roomId, string content, string? clientId = null, string? replyTo = null)
    {
        using var answer = await PostAsync($"/api/rooms/{roomId}/messages", new PostMessageRequest(content, clientId, replyTo));
        return await answer.ReadAsync<Message>(HttpStatusCode.Created);
    }

    public async Task<MessagePage> HistoryAsync(string roomId, string query = "")
    {
        using var answer = await GetAsync($"/api/rooms/{roomId}/messages{query}");
        return await answer.ReadAsync<MessagePage>(HttpStatusCode.OK);
    }

    /// <summary>Connected when it returns; what the server says goes to <paramref name="events"/>.</summary>
    public async Task<HubConnection> ConnectAsync(Events? events = null, bool messagePack = false)
    {
        var builder = new HubConnectionBuilder().WithUrl(new Uri(Api.Address, IChatServer.Path), HttpTransportType.WebSockets, o =>
        {
            o.Cookies = _cookies;
            o.SkipNegotiation = true;
        });
        var connection = (messagePack
            ? builder.AddMessagePackProtocol(o => o.SerializerOptions = MessagePackJson.Options)
            : builder.AddJsonProtocol(o => o.PayloadSerializerOptions = ChatJson.Default.Options)).Build();
        _connections.Add(connection);
        events?.Listen(connection);
        await connection.StartAsync();
        if (events is not null)
        {
            // From here on it hears of everything.
            await events.NextAsync<ResyncEvent>();
        }

        return connection;
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

/// <summary>What the server said to a connection, in order.</summary>
internal sealed class Events
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<object> _all = Channel.CreateUnbounded<object>();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Listen(HubConnection connection)
    {
        On<Message>(nameof(IChatClient.MessageReceived));
        On<MessageEdited>(nameof(IChatClient.MessageEdited));
        On<MessageDeleted>(nameof(IChatClient.MessageDeleted));
        On<ReactionChanged>(nameof(IChatClient.ReactionChanged));
        On<TypingEvent>(nameof(IChatClient.Typing));
        On<PresenceEvent>(nameof(IChatClient.PresenceChanged));
        On<ReadEvent>(nameof(IChatClient.ReadChanged));
        On<RoomChanged>(nameof(IChatClient.RoomChanged));
        On<RoomRemovedEvent>(nameof(IChatClient.RoomRemoved));
        On<ResyncEvent>(nameof(IChatClient.Resync));
        connection.On(nameof(IChatClient.SessionEnded), () => _all.Writer.TryWrite(nameof(IChatClient.SessionEnded)));
        connection.Closed += _ =>
        {
            _closed.TrySetResult();
            return Task.CompletedTask;
        };

        void On<T>(string method)
            where T : notnull => connection.On<T>(method, e => _all.Writer.TryWrite(e));
    }

    /// <summary>The next event of the kind that fits; others before it are let go.</summary>
    public async Task<T> NextAsync<T>(Func<T, bool>? fits = null)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await _all.Reader.ReadAsync(timeout.Token) is T wanted && fits?.Invoke(wanted) != false)
            {
                return wanted;
            }
        }
    }

    /// <summary>All that came so far.</summary>
    public IReadOnlyList<object> Taken()
    {
        var taken = new List<object>();
        while (_all.Reader.TryRead(out var one))
        {
            taken.Add(one);
        }

        return taken;
    }

    public Task ClosedAsync() => _closed.Task.WaitAsync(Patience);
}

internal static class Answers
{
    public static async Task<T> ReadAsync<T>(this HttpResponseMessage answer, HttpStatusCode expected)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(expected == answer.StatusCode, $"{(int)answer.StatusCode} instead of {(int)expected}: {text}");
        return (T)JsonSerializer.Deserialize(text, typeof(T), ChatJson.Default)!;
    }

    /// <summary>A ProblemDetails of exactly this status and code.</summary>
    public static async Task RefusedAsync(this Task<HttpResponseMessage> call, HttpStatusCode status, string code)
    {
        using var answer = await call;
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal((status, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        using var problem = JsonDocument.Parse(text);
        Assert.Equal(code, problem.RootElement.GetProperty("code").GetString());
        Assert.Equal((int)status, problem.RootElement.GetProperty("status").GetInt32());
    }

    /// <summary>
    /// That there is none is only certain once everything queued is saved; until then the answer is another, so it is asked again.
    /// </summary>
    public static async Task EventuallyNotFoundAsync(Func<Task<HttpResponseMessage>> call)
    {
        await Servers.Eventually.AsyncTrue(async () =>
        {
            using var answer = await call();
            return answer.StatusCode == HttpStatusCode.NotFound;
        });
        await call().RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.MessageNotFound);
    }

    public static async Task SucceedsAsync(this Task<HttpResponseMessage> call, HttpStatusCode status)
    {
        using var answer = await call;
        Assert.True(status == answer.StatusCode, $"{(int)answer.StatusCode} instead of {(int)status}: {await answer.Content.ReadAsStringAsync()}");
    }
}
