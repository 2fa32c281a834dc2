using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Chat.Contracts;

namespace Chat.Tests.Api;

[Collection(ApiGroup.Name)]
public sealed class RefusalTests(ApiFixture api)
{
    public static TheoryData<string, string> Calls => new()
    {
        { "GET", "/api/auth/me" }, { "PATCH", "/api/auth/me" }, { "DELETE", "/api/auth/me" }, { "GET", "/api/auth/export" },
        { "POST", "/api/auth/logout" }, { "POST", "/api/auth/password" }, { "GET", "/api/auth/sessions" }, { "DELETE", "/api/auth/sessions/x" },
        { "GET", "/api/rooms" }, { "POST", "/api/rooms" }, { "GET", "/api/rooms/general" }, { "PATCH", "/api/rooms/general" },
        { "DELETE", "/api/rooms/general" }, { "GET", "/api/rooms/general/members" }, { "POST", "/api/rooms/general/members" },
        { "PATCH", "/api/rooms/general/members/x" }, { "DELETE", "/api/rooms/general/members/x" }, { "POST", "/api/rooms/general/invites" }, { "DELETE", "/api/rooms/general/invites" },
        { "POST", "/api/invites/x" }, { "POST", "/api/direct" }, { "GET", "/api/rooms/general/messages" }, { "POST", "/api/rooms/general/messages" },
        { "PATCH", "/api/rooms/general/messages/x" }, { "DELETE", "/api/rooms/general/messages/x" },
        { "PUT", "/api/rooms/general/messages/x/reactions/y" }, { "DELETE", "/api/rooms/general/messages/x/reactions/y" },
        { "POST", "/api/rooms/general/read" }, { "GET", "/api/search?q=x" }, { "GET", "/api/users?q=x" }, { "POST", "/hubs/chat/negotiate" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Without_a_session_every_call_is_401_and_no_redirect(string method, string path)
    {
        await using var stranger = TestUser.Stranger(api.First);
        await stranger.SendAsync(new HttpMethod(method), path, new AddMemberRequest()).RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.NotSignedIn);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"name":7}""")]
    [InlineData("")]
    public async Task What_is_not_the_bodys_json_is_400(string body)
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await user.Http.PostAsync(new Uri("/api/rooms", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Contains(problem.RootElement.GetProperty("code").GetString(), (string[])[ErrorCodes.InvalidRequest, ErrorCodes.InvalidRoomName]);
    }

    [Fact]
    public async Task Another_media_type_is_415_another_method_405_another_path_404_each_with_a_code()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        using var text = new StringContent("hello", Encoding.UTF8, "text/plain");
        await user.Http.PostAsync(new Uri("/api/rooms", UriKind.Relative), text).RefusedAsync(HttpStatusCode.UnsupportedMediaType, ErrorCodes.InvalidRequest);
        await user.PutAsync("/api/rooms").RefusedAsync(HttpStatusCode.MethodNotAllowed, ErrorCodes.InvalidRequest);
        await user.GetAsync("/api/nothing").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        await user.GetAsync("/api/rooms?limit=many&scope=public").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task A_foreign_origin_is_refused_where_something_changes_and_our_own_is_not()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await Call("https://evil.example").RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.OriginNotAllowed);
        await Call("null").RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.OriginNotAllowed);
        await Call($"http://{api.First.Address.Host}:1").RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.OriginNotAllowed);
        await Call(api.First.Address.GetLeftPart(UriPartial.Authority)).SucceedsAsync(HttpStatusCode.Created);
        await Call("https://chat.example.org", forwardedHost: "chat.example.org").SucceedsAsync(HttpStatusCode.Created);

        async Task<HttpResponseMessage> Call(string origin, string? forwardedHost = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/rooms", UriKind.Relative))
            {
                Content = new StringContent("""{"name":"Origins"}""", Encoding.UTF8, "application/json"),
            };
            request.Headers.Add("Origin", origin);
            if (forwardedHost is not null)
            {
                request.Headers.Add("X-Forwarded-Host", forwardedHost);
            }

            return await user.Http.SendAsync(request);
        }
    }

    [Fact]
    public async Task A_sockets_handshake_from_a_foreign_origin_is_refused()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        Assert.Equal(HttpStatusCode.Forbidden, await Handshake("https://evil.example"));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, await Handshake(api.First.Address.GetLeftPart(UriPartial.Authority)));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, await Handshake(null));

        async Task<HttpStatusCode> Handshake(string? origin)
        {
            using var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("Cookie", user.CookieHeader);
            if (origin is not null)
            {
                socket.Options.SetRequestHeader("Origin", origin);
            }

            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await socket.ConnectAsync(new UriBuilder(api.First.Address) { Scheme = "ws", Path = IChatServer.Path }.Uri, timeout.Token);
            }
            catch (WebSocketException)
            {
                // The status says why.
            }

            return socket.HttpStatusCode;
        }
    }

    [Fact]
    public async Task Health_lists_the_parts_alive_answers_and_the_document_describes_the_calls()
    {
        await using var stranger = TestUser.Stranger(api.First);
        await Servers.Eventually.AsyncTrue(async () =>
        {
            using var health = await stranger.GetAsync("/health");
            using var json = JsonDocument.Parse(await health.Content.ReadAsStringAsync());
            var data = json.RootElement.GetProperty("checks").GetProperty("api").GetProperty("data");
            return health.StatusCode == HttpStatusCode.OK
                && (string[])["cache", "messaging", "chatdb"] is var parts && parts.All(p => data.GetProperty(p).GetString() == "up");
        });
        await stranger.GetAsync("/alive").SucceedsAsync(HttpStatusCode.OK);
        using var document = await stranger.GetAsync("/openapi/v1.json");
        using var api1 = JsonDocument.Parse(await document.Content.ReadAsStringAsync());
        var paths = api1.RootElement.GetProperty("paths").EnumerateObject().Select(p => p.Name).ToList();
        Assert.Contains("/api/rooms/{id}/messages", paths);
        Assert.Contains("/api/rooms/{id}/changes", paths);
        Assert.Contains("/api/auth/register", paths);
    }
}
