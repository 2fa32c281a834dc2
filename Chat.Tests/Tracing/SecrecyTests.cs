using System.Net.Http.Json;
using Chat.Contracts;
using Chat.Tests.EndToEnd;

namespace Chat.Tests.Tracing;

/// <summary>No user, room, text, session or token is in anything that is exported.</summary>
[Collection(TracingCollection.Name)]
public sealed class SecrecyTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_users_do_stays_out_of_spans_and_logs(bool real)
    {
        // The levels that a service has by itself.
        var settings = new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = null };
        await using var system = real
            ? await TracedSystem.StartRealAsync(mongo: true, _limit.Token, settings)
            : await TracedSystem.StartEmbeddedAsync(_limit.Token, settings);
        await using var device = new Device();
        await using var other = new Device();
        var api = system.Api.Address;
        device.Http.BaseAddress = api;
        var room = await device.SignUpWithRoomAsync(api, _limit.Token);
        await other.SignUpWithRoomAsync(api, _limit.Token);
        var socket = await device.ConnectAsync(api, _limit.Token);
        var sent = await socket.SendAsync(room, "confidential words", "client-id-of-it", _limit.Token);
        var messages = $"/api/rooms/{room}/messages";
        using var added = await device.Http.PostAsJsonAsync(
            $"/api/rooms/{room}/members", new AddMemberRequest(other.Name), ChatJson.Default.AddMemberRequest, _limit.Token);
        using var reacted = await device.Http.PutAsync($"{messages}/{sent.Id}/reactions/{Uri.EscapeDataString("🦄")}", null, _limit.Token);
        using var edited = await device.Http.PatchAsJsonAsync(
            $"{messages}/{sent.Id}", new EditContentRequest("undisclosed words"), ChatJson.Default.EditContentRequest, _limit.Token);
        using var invited = await device.Http.PostAsync($"/api/rooms/{room}/invites", null, _limit.Token);
        var invite = (await invited.Content.ReadFromJsonAsync(ChatJson.Default.RoomInvite, _limit.Token))!;
        using var accepted = await other.Http.PostAsync(new Uri(api, $"/api/invites/{invite.Token}"), null, _limit.Token);
        string[] paths = ["/api/search?q=sought-after", $"/api/users?q={other.Name}", messages, $"/nothing/{room}?token={invite.Token}"];
        foreach (var path in paths)
        {
            using var answer = await device.Http.GetAsync(path, _limit.Token);
        }

        using var removed = await device.Http.DeleteAsync($"/api/rooms/{room}/members/{other.Name}", _limit.Token);
        Assert.All([added, reacted, edited, invited, accepted, removed], a => Assert.True(a.IsSuccessStatusCode, $"{a}"));

        await socket.SendAsync(room, "marker", "marker", _limit.Token);
        await Backends.Eventually.IsTrueAsync(
            () => system.Collector.Spans.Count(s => s.Name.EndsWith("/SendMessage", StringComparison.Ordinal)) == 2
                && system.Collector.Spans.Count(s => s is { Service: "worker", Name: "message_save process" }) >= 4
                && system.Collector.Spans.Any(s => s.Name == "GET" && s.Tags.GetValueOrDefault("http.response.status_code") == "404"),
            "everything is saved and exported");
        var cookie = device.Cookies.GetCookies(api)["chat-session"]!.Value;
        string[] secrets =
        [
            device.Name, other.Name, room, "confidential", "undisclosed", "sought-after", "🦄",
            sent.Id, "client-id-of-it", invite.Token, cookie, OtlpCollector.Key,
        ];
        Assert.DoesNotContain(system.Collector.Spans, s => Tells($"{s}"));
        Assert.DoesNotContain(system.Collector.Logs, l => Tells($"{l.Text} {string.Join(' ', l.Attributes)}"));
        Assert.Contains(system.Collector.Spans, s => s.ToString().Contains("/api/rooms/{id}/members/{", StringComparison.Ordinal));

        bool Tells(string text) => secrets.Any(secret => text.Contains(secret, StringComparison.OrdinalIgnoreCase));
    }

    public void Dispose() => _limit.Dispose();
}
