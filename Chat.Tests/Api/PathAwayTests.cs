using System.Net;
using Chat.Api.Auth;
using Chat.Backends.Recent;
using Chat.Contracts;
using Chat.Servers;
using Chat.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>What instances owe each other while the path between them is broken. Servers of its own, because it stops one.</summary>
[Collection(ApiGroup.Name)]
public sealed class PathAwayTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Signing_out_while_Redis_is_away_closes_the_sockets_at_the_other_instance()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var elsewhere = user.At(api.Second);
        var there = new Events();
        await elsewhere.ConnectAsync(there);
        await api.Redis.StopAsync();
        try
        {
            await user.PostAsync("/api/auth/logout").SucceedsAsync(HttpStatusCode.NoContent);
            await there.ClosedAsync();
            Assert.Contains(nameof(IChatClient.SessionEnded), there.Taken());
        }
        finally
        {
            await api.Redis.StartAsync();
        }
    }

    [Fact]
    public async Task A_session_whose_end_nobody_heard_of_is_looked_at_when_the_path_was_interrupted_and_its_sockets_close()
    {
        await using var user = await TestUser.SignedUpAsync(api.Second);
        var events = new Events();
        await user.ConnectAsync(events);
        var sessions = api.First.Services.GetRequiredService<Sessions>();
        var session = Assert.Single(await sessions.ListAsync(user.Name, default));
        await api.Redis.StopAsync();
        try
        {
            // As by an instance that ended before it could tell the others: only the store knows.
            await sessions.EndAsync(session.Id, user.Name, default);
            await events.NextAsync<string>(e => e == nameof(IChatClient.SessionEnded));
            await events.ClosedAsync();
        }
        finally
        {
            await api.Redis.StartAsync();
        }
    }

    [Fact]
    public async Task A_message_of_an_instance_that_ended_before_it_reached_Redis_again_is_appended_by_another_and_shown_once()
    {
        Assert.SkipWhen(ServerFinder.Toxiproxy is null, "toxiproxy-server is not installed here.");
        await using var toxiproxy = new ToxiproxyServer(ServerFinder.Toxiproxy);
        await toxiproxy.StartAsync();
        var way = await toxiproxy.CreateProxyAsync("redis", api.Redis.Port);
        await using var bob = await TestUser.SignedUpAsync(api.First);
        Message sent;
        RoomSummary room;
        var events = new Events();
        await using (var cutOff = api.StartAnother(redis: $"127.0.0.1:{way.Port}"))
        {
            await using var alice = await TestUser.SignedUpAsync(cutOff);
            room = await alice.RoomAsync(members: bob);
            await alice.SayAsync(room.Id, "before");
            await bob.ConnectAsync(events);
            await way.DisableAsync();
            sent = await alice.SayAsync(room.Id, "cut off");
            Assert.Equal(sent.Id, (await events.NextAsync<Message>(m => m.Content == "cut off")).Id);
        }

        var recent = api.First.Services.GetRequiredService<IRecentMessages>();
        await Servers.Eventually.AsyncTrue(async () =>
            await recent.ReadAsync(room.Id, default) is { } window && window.Messages.Any(m => m.Id == sent.Id && m.Seq > 0));
        var page = await bob.HistoryAsync(room.Id);
        Assert.Equal(["before", "cut off"], page.Messages.Select(m => m.Content));
    }
}
