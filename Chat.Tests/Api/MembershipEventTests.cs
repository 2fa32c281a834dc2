using System.Net;
using Chat.Backends.Pods;
using Chat.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>Memberships that change at one instance while their sockets are at another.</summary>
[Collection(ApiGroup.Name)]
public sealed class MembershipEventTests(ApiFixture api)
{
    [Fact]
    public async Task An_old_event_that_arrives_late_does_not_bring_a_removed_member_back()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var user = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(members: user);
        var marker = await owner.RoomAsync(members: user);
        var events = new Events();
        await user.ConnectAsync(events);
        await owner.DeleteAsync($"/api/rooms/{room.Id}/members/{user.Name}").SucceedsAsync(HttpStatusCode.NoContent);
        await events.NextAsync<RoomRemovedEvent>();

        // As if the news of the joining had been overtaken by the news of the removal.
        var path = api.First.Services.GetRequiredService<IPodChannel>();
        Assert.True(await path.PublishAsync(new MembershipChanged(room.Id, user.Name, IsMember: true), default));
        await owner.PatchAsync($"/api/rooms/{marker.Id}/members/{user.Name}", new UpdateMemberRequest(Role: MemberRole.Moderator))
            .SucceedsAsync(HttpStatusCode.NoContent);
        await events.NextAsync<RoomChanged>(r => r.Id == marker.Id);
        await owner.SayAsync(room.Id, "not for you");
        await owner.SayAsync(marker.Id, "for you");

        Assert.Equal("for you", (await events.NextAsync<Message>()).Content);
    }

    [Fact]
    public async Task Muting_a_room_tells_nobody_else_in_it()
    {
        await using var muting = await TestUser.SignedUpAsync(api.First);
        await using var other = await TestUser.SignedUpAsync(api.First);
        var room = await muting.RoomAsync(members: other);
        Events own = new(), others = new();
        await muting.ConnectAsync(own);
        await other.ConnectAsync(others);

        await muting.PatchAsync($"/api/rooms/{room.Id}/members/{muting.Name}", new UpdateMemberRequest(Muted: true)).SucceedsAsync(HttpStatusCode.NoContent);
        await own.NextAsync<RoomChanged>(r => r.Id == room.Id);
        await muting.SayAsync(room.Id, "after");

        var heard = new List<object>();
        await Servers.Eventually.AsyncTrue(() =>
        {
            heard.AddRange(others.Taken());
            return heard.OfType<Message>().Any();
        });
        Assert.DoesNotContain(heard, e => e is RoomChanged);
    }

    [Fact]
    public async Task An_event_that_cannot_be_applied_resyncs_its_own_room_alone()
    {
        await using var instance = api.StartWithRooms(out var rooms);
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var member = await TestUser.SignedUpAsync(instance);
        await using var bystander = await TestUser.SignedUpAsync(instance);
        var room = await owner.RoomAsync(members: member);
        var elsewhere = await bystander.RoomAsync();
        Events ofMember = new(), ofBystander = new();
        await member.ConnectAsync(ofMember);
        await bystander.ConnectAsync(ofBystander);
        rooms().BeforeRoom = id => id == room.Id ? throw new InvalidOperationException("A bug.") : Task.CompletedTask;

        await owner.PatchAsync($"/api/rooms/{room.Id}/members/{member.Name}", new UpdateMemberRequest(Role: MemberRole.Moderator))
            .SucceedsAsync(HttpStatusCode.NoContent);
        Assert.Equal(room.Id, (await ofMember.NextAsync<ResyncEvent>()).RoomId);

        await bystander.SayAsync(elsewhere.Id, "quiet here");
        var heard = new List<object>();
        await Servers.Eventually.AsyncTrue(() =>
        {
            heard.AddRange(ofBystander.Taken());
            return heard.OfType<Message>().Any();
        });
        Assert.DoesNotContain(heard, e => e is ResyncEvent);
    }
}
