using System.Net;
using Chat.Api.Authority;
using Chat.Api.Rooms;
using Chat.Backends;
using Chat.Backends.Rooms;
using Chat.Contracts;
using Chat.Servers;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Tests.Api;

/// <summary>The copies of memberships that serve while the database is unavailable must not bring back whoever was removed.</summary>
[Collection(ApiGroup.Name)]
public sealed class StaleAccessTests(ApiFixture api)
{
    [Fact]
    public async Task Somebody_removed_by_an_instance_that_cannot_reach_Redis_is_not_let_in_by_the_copy_when_the_database_is_unavailable()
    {
        Assert.SkipWhen(ServerFinder.Toxiproxy is null, "toxiproxy-server is not installed here.");
        await using var toxiproxy = new ToxiproxyServer(ServerFinder.Toxiproxy);
        await toxiproxy.StartAsync();
        var way = await toxiproxy.CreateProxyAsync("redis", api.Redis.Port);
        await using var cutOff = api.StartAnother(redis: $"127.0.0.1:{way.Port}");
        await using var third = api.StartWithRooms(out var rooms);
        await using var owner = await TestUser.SignedUpAsync(cutOff);
        await using var user = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(members: user);
        await user.HistoryAsync(room.Id);
        await way.DisableAsync();
        await owner.DeleteAsync($"/api/rooms/{room.Id}/members/{user.Name}").SucceedsAsync(HttpStatusCode.NoContent);

        MakeUnavailable(rooms());
        await RefusedAsync(third, room.Id, user.Name);
    }

    [Fact]
    public async Task A_copy_that_had_to_go_while_Redis_was_unavailable_is_not_read_and_goes_when_Redis_is_back()
    {
        Assert.SkipWhen(ServerFinder.Toxiproxy is null, "toxiproxy-server is not installed here.");
        await using var toxiproxy = new ToxiproxyServer(ServerFinder.Toxiproxy);
        await toxiproxy.StartAsync();
        var way = await toxiproxy.CreateProxyAsync("redis", api.Redis.Port);
        await using var near = await TestPod.StartAsync(api.Redis.ConnectionString);
        await using var cutOff = await TestPod.StartAsync($"127.0.0.1:{way.Port}");
        var theirs = new AuthorityCopies(near.Gate, NullLogger<AuthorityCopies>.Instance);
        var copies = new AuthorityCopies(cutOff.Gate, NullLogger<AuthorityCopies>.Instance);
        var (room, user) = ($"r{Guid.NewGuid():N}", TestUser.NewName());
        await theirs.SaveAccessAsync(
            new Room { Id = room, Name = "Room", Kind = RoomKind.Public, CreatedBy = "x", CreatedAt = DateTimeOffset.UnixEpoch },
            new Membership { RoomId = room, Username = user, Role = MemberRole.Member, JoinedAt = DateTimeOffset.UnixEpoch },
            default);
        Assert.NotNull(await copies.FindAccessAsync(room, user, default));
        await way.DisableAsync();
        await Eventually.AsyncTrue(() => !cutOff.Gate.IsOpen);

        await copies.RemoveMembershipAsync(room, user);
        await way.EnableAsync();
        await Eventually.AsyncTrue(() => cutOff.Gate.IsOpen);

        Assert.Null(await copies.FindAccessAsync(room, user, default));
        await Eventually.AsyncTrue(async () => await theirs.FindAccessAsync(room, user, default) is null);
    }

    [Fact]
    public async Task A_copy_written_by_an_instance_that_read_before_the_removal_does_not_outlive_it()
    {
        await using var third = api.StartWithRooms(out var rooms);
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var user = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(members: user);
        var access = third.Services.GetRequiredService<RoomAccess>();
        var removed = false;
        rooms().AfterMembership = async (roomId, username) =>
        {
            if (roomId == room.Id && username == user.Name && !removed)
            {
                removed = true;
                await owner.DeleteAsync($"/api/rooms/{room.Id}/members/{user.Name}").SucceedsAsync(HttpStatusCode.NoContent);
            }
        };
        await access.FindAsync(room.Id, user.Name, default);
        Assert.True(removed);

        MakeUnavailable(rooms());
        await RefusedAsync(third, room.Id, user.Name);
    }

    [Fact]
    public async Task The_copy_of_a_persons_rooms_does_not_keep_one_they_were_removed_from()
    {
        await using var third = api.StartWithRooms(out var rooms);
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var user = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(members: user);
        await user.ConnectAsync(new Events());
        await owner.DeleteAsync($"/api/rooms/{room.Id}/members/{user.Name}").SucceedsAsync(HttpStatusCode.NoContent);

        MakeUnavailable(rooms());
        await Eventually.AsyncTrue(async () =>
        {
            try
            {
                return !(await third.Services.GetRequiredService<RoomAccess>().RoomsOfAsync(user.Name, default)).Contains(room.Id);
            }
            catch (BackendUnavailableException)
            {
                return true;
            }
        });
    }

    private static void MakeUnavailable(RoomStoreFake rooms)
    {
        rooms.BeforeRoom = _ => throw new BackendUnavailableException("chatdb");
        rooms.BeforeMemberships = (_, _) => throw new BackendUnavailableException("chatdb");
    }

    private static Task RefusedAsync(ApiInstance instance, string roomId, string username) => Eventually.AsyncTrue(async () =>
    {
        try
        {
            return await instance.Services.GetRequiredService<RoomAccess>().FindAsync(roomId, username, default) is null;
        }
        catch (BackendUnavailableException)
        {
            return true;
        }
    });
}
