using Chat.Servers;
using Chat.Tests.Servers;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

/// <summary>What somebody does who does not believe it: chats, and pulls one plug after the other. Real servers and a system of its own.</summary>
[Collection(BrowserCollection.Name)]
public sealed class UnpluggedTests : IAsyncLifetime
{
    private static readonly LocalServerOptions Keeping = new() { Persistent = true };
    private readonly List<LocalServer> _servers = [];
    private BrowserSystem? _system;

    private LocalServer Redis => _servers[0];

    private LocalServer RabbitMq => _servers[1];

    private LocalServer Mongo => _servers[2];

    public async ValueTask InitializeAsync()
    {
        if (ServerFinder.Redis is null || ServerFinder.RabbitMq is null || ServerFinder.Mongo is null)
        {
            return;
        }

        _servers.AddRange([new RedisServer(ServerFinder.Redis, Keeping), new RabbitMqServer(ServerFinder.RabbitMq, Keeping), new MongoServer(ServerFinder.Mongo, Keeping)]);
        await Task.WhenAll(_servers.Select(s => s.StartAsync()));
        _system = await BrowserSystem.StartOwnAsync(
        [
            $"--ConnectionStrings:cache={Redis.ConnectionString}",
            $"--ConnectionStrings:messaging={RabbitMq.ConnectionString}",
            $"--ConnectionStrings:chatdb={Mongo.ConnectionString}chatdb",
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }

        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Whatever_server_is_stopped_the_chat_goes_on_and_the_page_says_what_is_degraded()
    {
        Assert.SkipWhen(_servers.Count == 0, "redis-server, rabbitmq-server and a MongoDB server are needed.");
        await using var alice = await _system!.SignUpAsync();
        await using var bob = await _system!.SignUpAsync();
        var room = await alice.CreateRoomAsync($"plugs {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await TalkAsync("all is well");
        await SaysAsync(alice, "Live");

        foreach (var (server, name) in new[] { (Redis, "Redis"), (RabbitMq, "RabbitMQ"), (Mongo, "MongoDB") })
        {
            await server.StopAsync();
            await TalkAsync($"{name} is away");
            if (server == Mongo)
            {
                // What only the database can do is refused, and said.
                await alice.Hook("new-room").ClickAsync();
                await alice.Hook("room-name").FillAsync("Not now");
                await alice.Hook("create-room").ClickAsync();
                await Expect(alice.Page.GetByText("This is not possible at the moment.")).ToBeVisibleAsync();
                await alice.Page.Keyboard.PressAsync("Escape");
            }

            await server.StartAsync();
            await TalkAsync($"{name} is back");
            await SaysAsync(alice, "Live");
        }

        // Nothing is left that could keep a message safe: it is refused, kept by the page, and sent when there is.
        await Task.WhenAll(RabbitMq.StopAsync(), Mongo.StopAsync());
        await alice.SendAsync("Nobody can keep this");
        await SaysAsync(alice, "Saving is delayed");
        await Task.WhenAll(RabbitMq.StartAsync(), Mongo.StartAsync());
        await alice.SeesAsync("Nobody can keep this");
        await bob.SeesAsync("Nobody can keep this");
        await SaysAsync(alice, "Live");

        await alice.Page.ReloadAsync();
        await alice.LiveAsync();
        await Expect(alice.Messages).ToHaveCountAsync(15);
        Assert.Equal(await TextsAsync(bob), await TextsAsync(alice));

        async Task TalkAsync(string text)
        {
            await alice.SendAsync($"{text}, says alice");
            await bob.SeesAsync($"{text}, says alice");
            await bob.SendAsync($"{text}, says bob");
            await alice.SeesAsync($"{text}, says bob");
        }
    }

    private static Task SaysAsync(Person person, string state) =>
        Expect(person.Hook("connection")).ToContainTextAsync(state, new() { Timeout = 60_000 });

    private static async Task<IReadOnlyList<string>> TextsAsync(Person person) => await person.Page.Locator(".message-body").AllInnerTextsAsync();
}
