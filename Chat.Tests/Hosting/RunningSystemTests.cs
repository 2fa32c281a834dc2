using System.Net;
using System.Net.Http.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Chat.Contracts;
using Chat.Hosting;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using StackExchange.Redis;

namespace Chat.Tests.Hosting;

/// <summary>What a developer sees of the AppHost while it runs.</summary>
public abstract class RunningSystemTests(SharedSystem system) : IAsyncLifetime
{
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(4));
    private readonly CookieContainer _cookies = new();
    private readonly string _name = $"h{Guid.NewGuid():N}"[..16];

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task A_SignalR_client_with_default_options_works_on_the_printed_address_with_each_transport(HttpTransportType transport)
    {
        var web = (await system.RunningAsync()).App.GetEndpoint("web", "http");
        var room = await SignUpAsync(web);

        // Of several connections some negotiate with either replica, and their later requests must reach the same one.
        for (var i = 0; i < 6; i++)
        {
            await using var connection = new HubConnectionBuilder().WithUrl(new Uri(web, IChatServer.Path), o =>
            {
                o.Cookies = _cookies;
                o.Transports = transport;
            }).Build();
            var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var text = $"message {i}";
            using var listening = connection.On<System.Text.Json.JsonElement>(nameof(IChatClient.MessageReceived), m =>
            {
                if (m.GetProperty("content").GetString() == text)
                {
                    heard.TrySetResult(text);
                }
            });
            await connection.StartAsync(_timeout.Token);

            await connection.InvokeAsync<object>(
                nameof(IChatServer.SendMessage), new { roomId = room, content = text, clientId = Guid.NewGuid().ToString() }, _timeout.Token);

            Assert.Equal(text, await heard.Task.WaitAsync(_timeout.Token));
        }
    }

    [Theory]
    [InlineData("not.protected")]
    [InlineData("unknown.Q2ZESjg")]
    [InlineData(".")]
    public async Task A_connection_token_that_was_made_up_is_refused_by_the_API_as_any_unknown_one(string token)
    {
        var web = (await system.RunningAsync()).App.GetEndpoint("web", "http");
        await SignUpAsync(web);
        using var http = Client(web);

        using var answer = await http.GetAsync(new Uri($"{IChatServer.Path}?id={token}", UriKind.Relative), _timeout.Token);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task The_replicas_address_leaves_the_proxy_only_encrypted()
    {
        var web = (await system.RunningAsync()).App.GetEndpoint("web", "http");
        await SignUpAsync(web);
        using var http = Client(web);

        using var answer = await http.PostAsync(new Uri($"{IChatServer.Path}/negotiate?negotiateVersion=1", UriKind.Relative), null, _timeout.Token);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(answer.Headers.Contains(IChatServer.ReplicaHeader));
        Assert.DoesNotContain("localhost", await answer.Content.ReadAsStringAsync(_timeout.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_local_server_can_be_stopped_started_and_restarted_and_keeps_its_address_and_data()
    {
        var host = await system.RunningAsync();
        var connection = await host.App.GetConnectionStringAsync("cache", _timeout.Token);
        await using (var redis = await ConnectionMultiplexer.ConnectAsync(connection!))
        {
            await redis.GetDatabase().StringSetAsync(_name, "kept");
            await FlushAsync(redis);
        }

        await host.CommandAsync("cache", KnownResourceCommands.StopCommand, _timeout.Token);
        Assert.Equal(KnownResourceStates.Exited, (await host.SnapshotAsync("cache", _timeout.Token)).State?.Text);
        await host.CommandAsync("cache", KnownResourceCommands.StartCommand, _timeout.Token);
        await host.CommandAsync("cache", KnownResourceCommands.RestartCommand, _timeout.Token);
        await host.HealthyAsync(["cache"], _timeout.Token);

        Assert.Equal(connection, await host.App.GetConnectionStringAsync("cache", _timeout.Token));
        await using var again = await ConnectionMultiplexer.ConnectAsync(connection!);
        Assert.Equal("kept", (string?)await again.GetDatabase().StringGetAsync(_name));
    }

    [Fact]
    public async Task Clear_data_empties_every_store_and_the_chat_works_again()
    {
        var host = await system.RunningAsync();
        await SignUpAsync(host.App.GetEndpoint("web", "http"));

        await host.CommandAsync("chatdb", ClearDataExtensions.CommandName, _timeout.Token);
        await host.HealthyAsync(RunningAppHost.Resources, _timeout.Token);

        var web = host.App.GetEndpoint("web", "http");
        using (var http = Client(web))
        {
            using var me = await http.GetAsync(new Uri("/api/auth/me", UriKind.Relative), _timeout.Token);
            Assert.Equal(HttpStatusCode.Unauthorized, me.StatusCode);
        }

        // The name and the room are free again.
        await SignUpAsync(web);
    }

    /// <summary>Asserts what the dashboard's column "Source" says.</summary>
    protected async Task AssertSourceAsync(string resource, string source)
    {
        var snapshot = await (await system.RunningAsync()).SnapshotAsync(resource, _timeout.Token);

        Assert.Equal(KnownResourceStates.Running, snapshot.State?.Text);
        Assert.Matches(source, snapshot.Property("resource.source"));
    }

    /// <summary>Waits until what was written is on disk.</summary>
    protected abstract Task FlushAsync(IConnectionMultiplexer redis);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _timeout.Dispose();
        return ValueTask.CompletedTask;
    }

    private HttpClient Client(Uri web) => new(new SocketsHttpHandler { CookieContainer = _cookies }) { BaseAddress = web };

    /// <summary>Signs up and creates a room, which is returned.</summary>
    private async Task<string> SignUpAsync(Uri web)
    {
        using var http = Client(web);
        using var signedUp = await http.PostAsJsonAsync("/api/auth/register", new { username = _name, password = "correct horse battery" }, _timeout.Token);
        Assert.Equal(HttpStatusCode.Created, signedUp.StatusCode);
        using var created = await http.PostAsJsonAsync("/api/rooms", new { name = _name }, _timeout.Token);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var room = await created.Content.ReadFromJsonAsync(ChatJson.Default.RoomSummary, _timeout.Token);
        Assert.Equal(_name, room!.Id);
        return room.Id;
    }
}

[Collection(Browser.BrowserCollection.Name)]
public sealed class EmbeddedRunningSystemTests(Browser.BrowserSystem browser) : RunningSystemTests(browser.Embedded)
{
    [Theory]
    [InlineData("cache", "^Embedded Garnet [0-9.]+ – Chat:Backing=embedded$")]
    [InlineData("messaging", "^Embedded SQLite – Chat:Backing=embedded$")]
    [InlineData("chatdb", "^Embedded SQLite – Chat:Backing=embedded$")]
    public Task The_dashboard_says_what_runs_and_why(string resource, string source) => AssertSourceAsync(resource, source);

    protected override Task FlushAsync(IConnectionMultiplexer redis) => redis.GetDatabase().ExecuteAsync("COMMITAOF");
}

[Collection(RealSystemCollection.Name)]
public sealed class RealRunningSystemTests(RealSystem system) : RunningSystemTests(system)
{
    [Theory]
    [InlineData("cache", "^redis-server [0-9.]+ – Chat:Backing:cache=found$")]
    [InlineData("messaging", "^rabbitmq-server [0-9.]+ – Chat:Backing:messaging=found$")]
    [InlineData("chatdb", "^Given – ConnectionStrings:chatdb$")]
    public Task The_dashboard_says_what_runs_and_why(string resource, string source) => AssertSourceAsync(resource, source);

    // Redis writes its log at the end, too.
    protected override Task FlushAsync(IConnectionMultiplexer redis) => Task.CompletedTask;
}
