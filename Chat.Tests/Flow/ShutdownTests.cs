using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chat.Contracts;
using Chat.Tests.Failures;
using Chat.Tests.Servers;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Data.Sqlite;

namespace Chat.Tests.EndToEnd;

/// <summary>What an API process does when it is told to end: real processes, SIGTERM.</summary>
[Collection(FailureCollection.Name)]
public sealed class ShutdownTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    [Fact]
    public async Task An_api_told_to_end_takes_no_new_socket_serves_those_it_has_and_asks_them_to_reconnect_one_by_one()
    {
        using var limit = new CancellationTokenSource(Limit);
        // That of 20 sockets all are closed within the first seconds is as good as impossible.
        await using var system = await ChatSystem.StartEmbeddedAsync(
            workers: 1, limit.Token, new Dictionary<string, string?> { ["Chat__Drain__Spread"] = "00:00:30", ["Chat__Drain__Limit"] = "00:00:45" });
        var (ending, other) = (system.Apis[0], system.Apis[1]);
        await using var device = new Device();
        var room = await device.SignUpWithRoomAsync(ending.Address, limit.Token);
        var sockets = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => device.ConnectAsync(ending.Address, limit.Token)));
        var elsewhere = await device.ConnectAsync(other.Address, limit.Token);

        var stopping = ending.StopAsync();
        await Eventually.AsyncTrue(async () => await StatusAsync(device, ending, "/health") == HttpStatusCode.ServiceUnavailable);

        using (var health = await JsonDocument.ParseAsync(
            await (await device.Http.GetAsync(new Uri(ending.Address, "/health"), limit.Token)).Content.ReadAsStreamAsync(limit.Token)))
        {
            Assert.Equal("Unhealthy", health.RootElement.GetProperty("checks").GetProperty("stopping").GetProperty("status").GetString());
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(device, ending, "/alive"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await device.ShakeHandsAsync(ending.Address, limit.Token));
        using (var refused = await device.Http.PostAsync(new Uri(ending.Address, IChatServer.Path + "/negotiate?negotiateVersion=1"), null, limit.Token))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal(ErrorCodes.Unavailable, (await refused.Content.ReadFromJsonAsync<JsonElement>(limit.Token)).GetProperty("code").GetString());
        }

        Assert.Equal(HttpStatusCode.SwitchingProtocols, await device.ShakeHandsAsync(other.Address, limit.Token));

        // What has a socket goes on as if nothing were; so does HTTP.
        var receipt = await SendAsync(sockets, room, limit.Token);
        using (var posted = await device.Http.PostAsJsonAsync(
            new Uri(ending.Address, $"/api/rooms/{room}/messages"), new PostMessageRequest("by HTTP", "by-http"),
            ChatJson.Default.PostMessageRequest, limit.Token))
        {
            Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
            var message = (await posted.Content.ReadFromJsonAsync(ChatJson.Default.Message, limit.Token))!;
            await Eventually.AsyncTrue(() => elsewhere.Heard.ContainsKey(receipt.Id) && elsewhere.Heard.ContainsKey(message.Id));
        }

        var first = await Task.WhenAny(sockets.Select(s => s.AskedToReconnect)).WaitAsync(limit.Token);
        Assert.Null(await first);
        Assert.Contains(sockets, s => s.IsOpen);
        Assert.False(ending.Exited.IsCompleted);

        // The others need not be waited for: when nobody is left, the process ends.
        await Task.WhenAll(sockets.Where(s => s.IsOpen).Select(s => s.Hub.StopAsync(limit.Token)));
        await stopping.WaitAsync(limit.Token);
        Assert.Equal(0, await ending.Exited);
        Assert.True(elsewhere.IsOpen);
    }

    [Fact]
    public async Task A_send_under_way_is_answered_on_its_socket_before_an_api_told_to_end_closes_it()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var system = await ChatSystem.StartEmbeddedAsync(
            workers: 1, limit.Token, new Dictionary<string, string?> { ["Chat__Drain__Spread"] = "00:00:00", ["Chat__Drain__Limit"] = "00:00:45" });
        var (ending, other) = (system.Apis[0], system.Apis[1]);
        await using var device = new Device();
        var room = await device.SignUpWithRoomAsync(ending.Address, limit.Token);
        var socket = await device.ConnectAsync(ending.Address, limit.Token);
        var elsewhere = await device.ConnectAsync(other.Address, limit.Token);
        var id = MessageId.For((await device.Http.GetFromJsonAsync(new Uri(ending.Address, "/api/auth/me"), ChatJson.Default.Me, limit.Token))!.Username, "c");

        Task<SendReceipt> sending;
        Task stopping;
        await using (var writing = await HoldWritesAsync(system.EmbeddedFile, limit.Token))
        {
            sending = socket.SendAsync(room, "last words", "c", limit.Token);
            // Shown at once, to everybody, before anything durable has it: so it is under way.
            await Eventually.AsyncTrue(() => elsewhere.Heard.ContainsKey(id));
            stopping = ending.StopAsync();
            await Eventually.AsyncTrue(async () => ending.Exited.IsCompleted || await StatusAsync(device, ending, "/health") == HttpStatusCode.ServiceUnavailable);
        }

        try
        {
            Assert.Equal(id, (await sending).Id);
        }
        catch (HubException refused) when (refused.Message.Contains(ErrorCodes.NotAccepted, StringComparison.Ordinal))
        {
            // An answer too: on a machine too busy to come here within the stores' five seconds. The client sends it again.
            Assert.Equal(id, (await elsewhere.SendAsync(room, "last words", "c", limit.Token)).Id);
        }

        Assert.Null(await socket.AskedToReconnect.WaitAsync(limit.Token));
        await stopping.WaitAsync(limit.Token);
        Assert.Equal(0, await ending.Exited);
        await Eventually.AsyncTrue(async () => (await system.ReadStoredAsync(room, limit.Token)).Any(m => m.Content == "last words"));
        Assert.Single(await system.ReadStoredAsync(room, limit.Token), m => m.Content == "last words");
    }

    /// <summary>On any of the sockets that are still open.</summary>
    private static async Task<SendReceipt> SendAsync(IEnumerable<Socket> sockets, string room, CancellationToken cancellationToken)
    {
        foreach (var socket in sockets.Where(s => s.IsOpen))
        {
            try
            {
                return await socket.SendAsync(room, "by socket", "by-socket", cancellationToken);
            }
            catch (Exception e) when (e is not HubException && !socket.IsOpen)
            {
                // Its turn came just then.
            }
        }

        throw new InvalidOperationException("No socket was open any more.");
    }

    private static async Task<HttpStatusCode?> StatusAsync(Device device, ServiceProcess api, string path)
    {
        try
        {
            using var answer = await device.Http.GetAsync(new Uri(api.Address, path));
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Nobody else writes to the file until it is disposed.</summary>
    private static async Task<SqliteConnection> HoldWritesAsync(string file, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        await using var begin = connection.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        await begin.ExecuteNonQueryAsync(cancellationToken);
        return connection;
    }
}
