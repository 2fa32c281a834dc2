using System.Net.WebSockets;
using System.Text;
using Chat.Api.Presence;
using Chat.Api.Realtime;
using Chat.Contracts;
using Chat.Tests.Servers;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>Connections that fail before they are set up, and connections that fall silent after it.</summary>
[Collection(ApiGroup.Name)]
public sealed class ConnectionSetupTests(ApiFixture api)
{
    private static readonly byte[] Handshake = Encoding.UTF8.GetBytes("{\"protocol\":\"json\",\"version\":1}\u001e");

    [Fact]
    public async Task A_connection_that_closes_while_it_is_set_up_leaves_nothing_behind()
    {
        await using var instance = api.StartWithRooms(out var rooms);
        await using var user = await TestUser.SignedUpAsync(instance);
        var room = await user.RoomAsync();
        var connections = instance.Services.GetRequiredService<Connections>();
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Slow, and deaf to who has gone: what a stuck database looks like.
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rooms().BeforeMemberships = (_, _) =>
        {
            waiting.TrySetResult();
            return answer.Task;
        };

        var hub = await user.ConnectAsync();
        await waiting.Task.WaitAsync(Eventually.Patience);
        Assert.Equal(1, connections.Count);
        await hub.DisposeAsync();

        await Eventually.AsyncTrue(() => connections.Count == 0);
        answer.SetResult();
        await using var other = await TestUser.SignedUpAsync(instance);
        rooms().BeforeMemberships = null;
        await other.ConnectAsync(new Events());
        Assert.Empty(connections.Of(user.Name));
        Assert.False(connections.IsHere(room.Id));
    }

    [Fact]
    public async Task A_connection_whose_setup_is_cancelled_is_offline_again()
    {
        await using var instance = api.StartWithRooms(out var rooms);
        await using var user = await TestUser.SignedUpAsync(instance);
        var connections = instance.Services.GetRequiredService<Connections>();
        var online = instance.Services.GetRequiredService<Online>();
        rooms().BeforeMemberships = (_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

        var hub = await user.ConnectAsync();
        await Eventually.AsyncTrue(() => connections.Count == 1);
        await hub.DisposeAsync();

        await Eventually.AsyncTrue(() => connections.Count == 0);
        await Eventually.AsyncTrue(() => !online.IsOnline(user.Name));
    }

    [Fact]
    public async Task A_connection_whose_setup_fails_leaves_nothing_behind()
    {
        await using var instance = api.StartWithRooms(out var rooms);
        await using var user = await TestUser.SignedUpAsync(instance);
        var connections = instance.Services.GetRequiredService<Connections>();
        rooms().BeforeMemberships = (_, _) => throw new InvalidOperationException("A bug.");
        var events = new Events();

        var hub = new HubConnectionBuilder().WithUrl(new Uri(instance.Address, IChatServer.Path), o => o.Headers.Add("Cookie", user.CookieHeader)).Build();
        events.Listen(hub);
        await hub.StartAsync();
        await events.ClosedAsync();

        await Eventually.AsyncTrue(() => connections.Count == 0);
        await hub.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_never_says_anything_is_disconnected_and_one_that_only_pings_is_not()
    {
        await using var instance = api.StartAnother(services => services.Configure<HubOptions>(o => o.ClientTimeoutInterval = TimeSpan.FromSeconds(5)));
        await using var silent = await TestUser.SignedUpAsync(instance);
        await using var pinging = await TestUser.SignedUpAsync(instance);
        var connections = instance.Services.GetRequiredService<Connections>();
        using var silentSocket = await ShakeHandsAsync(silent);
        using var pingingSocket = await ShakeHandsAsync(pinging);
        await Eventually.AsyncTrue(() => connections.Count == 2);

        var ping = Encoding.UTF8.GetBytes("{\"type\":6}\u001e");
        await Eventually.AsyncTrue(async () =>
        {
            await pingingSocket.SendAsync(ping, WebSocketMessageType.Text, endOfMessage: true, default);
            return connections.Of(silent.Name).Count == 0;
        });

        Assert.Single(connections.Of(pinging.Name));
    }

    private static async Task<ClientWebSocket> ShakeHandsAsync(TestUser user)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", user.CookieHeader);
        await socket.ConnectAsync(new Uri($"ws://{user.Api.Address.Authority}{IChatServer.Path}"), default);
        await socket.SendAsync(Handshake, WebSocketMessageType.Text, endOfMessage: true, default);
        _ = ReadAsync(socket);
        return socket;
    }

    /// <summary>Reads what comes and answers nothing.</summary>
    private static async Task ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4_096];
        try
        {
            while ((await socket.ReceiveAsync(buffer, default)).MessageType != WebSocketMessageType.Close)
            {
                // The next one.
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
