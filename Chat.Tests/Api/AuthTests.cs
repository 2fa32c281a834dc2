using System.Net;
using System.Text.Json;
using Chat.Contracts;

namespace Chat.Tests.Api;

[Collection(ApiGroup.Name)]
public sealed class AuthTests(ApiFixture api)
{
    [Fact]
    public async Task Signing_up_signs_in_with_a_cookie_that_no_script_reads()
    {
        await using var user = TestUser.Stranger(api.First);
        using var answer = await user.PostAsync("/api/auth/register", new Credentials(user.Name, TestUser.Password));

        Assert.Equal(new Me(user.Name, user.Name), await answer.ReadAsync<Me>(HttpStatusCode.Created));
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("chat-session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        using var me = await user.GetAsync("/api/auth/me");
        Assert.Equal(new Me(user.Name, user.Name), await me.ReadAsync<Me>(HttpStatusCode.OK));
    }

    [Theory]
    [InlineData("ab", "correct horse battery", ErrorCodes.InvalidUsername)]
    [InlineData("Alice Upper", "correct horse battery", ErrorCodes.InvalidUsername)]
    [InlineData("someone-with-a-name-that-is-too-long", "correct horse battery", ErrorCodes.InvalidUsername)]
    [InlineData("somebody", "short", ErrorCodes.WeakPassword)]
    [InlineData("somebody", "password123", ErrorCodes.WeakPassword)]
    [InlineData("somebody", "aaaaaaaaaaaaaaa", ErrorCodes.WeakPassword)]
    [InlineData("somebody", "xx somebody xx", ErrorCodes.WeakPassword)]
    public async Task A_bad_name_or_password_is_refused(string username, string password, string code)
    {
        await using var user = TestUser.Stranger(api.First);
        await user.PostAsync("/api/auth/register", new Credentials(username, password)).RefusedAsync(HttpStatusCode.BadRequest, code);
    }

    [Fact]
    public async Task A_name_is_given_once_also_when_many_ask_at_once_at_both_instances()
    {
        var name = TestUser.NewName();
        TestUser[] askers = [.. Enumerable.Range(0, 4).Select(i => TestUser.Stranger(i % 2 == 0 ? api.First : api.Second))];
        var answers = await Task.WhenAll(askers.Select(a => a.PostAsync("/api/auth/register", new Credentials(name, TestUser.Password))));

        Assert.Equal(
            [HttpStatusCode.Created, HttpStatusCode.Conflict, HttpStatusCode.Conflict, HttpStatusCode.Conflict],
            answers.Select(a => a.StatusCode).Order());
        await askers[0].PostAsync("/api/auth/register", new Credentials(name, TestUser.Password))
            .RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.UsernameTaken);
        await askers[0].PostAsync("/api/auth/register", new Credentials("room", TestUser.Password))
            .RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.UsernameTaken);
        foreach (var asker in askers)
        {
            await asker.DisposeAsync();
        }
    }

    [Fact]
    public async Task Signing_in_works_at_every_instance_and_a_wrong_password_is_as_wrong_as_an_unknown_name()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var device = await user.OtherDeviceAsync(api.Second);
        await device.GetAsync("/api/auth/me").SucceedsAsync(HttpStatusCode.OK);

        await using var stranger = TestUser.Stranger(api.First);
        await stranger.PostAsync("/api/auth/login", new Credentials(user.Name, "not the password"))
            .RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.InvalidCredentials);
        await stranger.PostAsync("/api/auth/login", new Credentials(stranger.Name, TestUser.Password))
            .RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.InvalidCredentials);
    }

    [Fact]
    public async Task Five_failures_lock_the_name_for_a_stranger_at_every_instance_but_not_for_the_device_of_its_owner()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var stranger = TestUser.Stranger(api.First);
        for (var i = 0; i < Limits.SignInFailures; i++)
        {
            await stranger.PostAsync("/api/auth/login", new Credentials(owner.Name, "wrong password " + i))
                .RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.InvalidCredentials);
        }

        using var locked = await stranger.PostAsync("/api/auth/login", new Credentials(owner.Name, TestUser.Password));
        Assert.InRange(locked.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        await stranger.At(api.Second).PostAsync("/api/auth/login", new Credentials(owner.Name, TestUser.Password))
            .RefusedAsync(HttpStatusCode.TooManyRequests, ErrorCodes.TooManyAttempts);

        await owner.PostAsync("/api/auth/login", new Credentials(owner.Name, TestUser.Password)).SucceedsAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_at_every_instance_and_closes_its_sockets()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var elsewhere = user.At(api.Second);
        Events here = new(), there = new();
        await user.ConnectAsync(here);
        await elsewhere.ConnectAsync(there);

        await user.PostAsync("/api/auth/logout").SucceedsAsync(HttpStatusCode.NoContent);

        await here.ClosedAsync();
        await there.ClosedAsync();
        Assert.Contains(nameof(IChatClient.SessionEnded), there.Taken());
        await user.GetAsync("/api/auth/me").RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.NotSignedIn);
        await user.PostAsync("/api/auth/logout").RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.NotSignedIn);
    }

    [Fact]
    public async Task A_copied_cookie_is_worth_nothing_after_signing_out()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        using var copied = new HttpRequestMessage(HttpMethod.Get, new Uri(api.Second.Address, "/api/auth/me"));
        copied.Headers.Add("Cookie", user.CookieHeader);
        await user.PostAsync("/api/auth/logout").SucceedsAsync(HttpStatusCode.NoContent);

        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        await client.SendAsync(copied).RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.NotSignedIn);
    }

    [Fact]
    public async Task A_new_password_ends_every_other_session_and_closes_its_sockets()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var device = await user.OtherDeviceAsync(api.Second);
        var events = new Events();
        await device.ConnectAsync(events);
        await user.PostAsync("/api/auth/password", new ChangePasswordRequest("not it at all", "another good one"))
            .RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.InvalidCredentials);
        await user.PostAsync("/api/auth/password", new ChangePasswordRequest(TestUser.Password, "short"))
            .RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.WeakPassword);

        await user.PostAsync("/api/auth/password", new ChangePasswordRequest(TestUser.Password, "another good one")).SucceedsAsync(HttpStatusCode.NoContent);

        await events.ClosedAsync();
        await device.GetAsync("/api/auth/me").RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.NotSignedIn);
        await user.GetAsync("/api/auth/me").SucceedsAsync(HttpStatusCode.OK);
        await using var elsewhere = user.At(api.Second);
        await elsewhere.GetAsync("/api/auth/me").SucceedsAsync(HttpStatusCode.OK);
        await using var again = await user.OtherDeviceAsync(password: "another good one");
    }

    [Fact]
    public async Task The_devices_are_listed_and_one_is_ended()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var device = await user.OtherDeviceAsync();
        using var list = await user.GetAsync("/api/auth/sessions");
        var sessions = await list.ReadAsync<IReadOnlyList<SessionInfo>>(HttpStatusCode.OK);
        Assert.Equal(2, sessions.Count);
        var other = Assert.Single(sessions, s => !s.Current);

        await user.DeleteAsync("/api/auth/sessions/nonsense").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.SessionNotFound);
        await using var somebody = await TestUser.SignedUpAsync(api.First);
        await somebody.DeleteAsync($"/api/auth/sessions/{other.Id}").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.SessionNotFound);
        await user.DeleteAsync($"/api/auth/sessions/{other.Id}").SucceedsAsync(HttpStatusCode.NoContent);

        await device.GetAsync("/api/auth/me").RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.NotSignedIn);
        await user.GetAsync("/api/auth/me").SucceedsAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_display_name_changes_and_has_limits()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        using var answer = await user.PatchAsync("/api/auth/me", new UpdateMeRequest("  Grace Hopper "));
        Assert.Equal(new Me(user.Name, "Grace Hopper"), await answer.ReadAsync<Me>(HttpStatusCode.OK));
        await user.PatchAsync("/api/auth/me", new UpdateMeRequest(" ")).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidDisplayName);
        await user.PatchAsync("/api/auth/me", new UpdateMeRequest(new string('x', Limits.DisplayNameMax + 1)))
            .RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidDisplayName);
    }

    [Fact]
    public async Task An_export_has_the_account_and_the_own_messages()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync();
        var said = await user.SayAsync(room.Id, "mine");
        await Servers.Eventually.AsyncTrue(async () =>
        {
            using var answer = await user.GetAsync("/api/auth/export");
            using var export = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal(user.Name, export.RootElement.GetProperty("account").GetProperty("username").GetString());
            return export.RootElement.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("id").GetString()).SequenceEqual([said.Id]);
        });
    }

    [Fact]
    public async Task A_deleted_account_is_gone_but_its_name_stays_taken()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var heir = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync(members: heir);
        await user.SendAsync(HttpMethod.Delete, "/api/auth/me", new DeleteAccountRequest("not the password"))
            .RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.InvalidCredentials);

        await user.SendAsync(HttpMethod.Delete, "/api/auth/me", new DeleteAccountRequest(TestUser.Password)).SucceedsAsync(HttpStatusCode.NoContent);

        await user.GetAsync("/api/auth/me").RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.NotSignedIn);
        await user.PostAsync("/api/auth/login", new Credentials(user.Name, TestUser.Password))
            .RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.InvalidCredentials);
        await user.PostAsync("/api/auth/register", new Credentials(user.Name, TestUser.Password))
            .RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.UsernameTaken);
        using var members = await heir.GetAsync($"/api/rooms/{room.Id}/members");
        var only = Assert.Single(await members.ReadAsync<IReadOnlyList<RoomMember>>(HttpStatusCode.OK));
        Assert.Equal((heir.Name, MemberRole.Owner), (only.Username, only.Role));
    }
}
