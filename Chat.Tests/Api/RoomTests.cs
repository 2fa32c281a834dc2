using System.Net;
using System.Reflection;
using Chat.Backends.Archive;
using Chat.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

[Collection(ApiGroup.Name)]
public sealed class RoomTests(ApiFixture api)
{
    [Fact]
    public async Task A_room_gets_a_readable_id_that_is_its_own()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var unique = Guid.NewGuid().ToString("N")[..8];
        var first = await user.RoomAsync($"Über Plans {unique}!");
        var second = await user.RoomAsync($"Über Plans {unique}!");

        Assert.Equal(($"uber-plans-{unique}", $"uber-plans-{unique}-2"), (first.Id, second.Id));
        Assert.Equal((MemberRole.Owner, 1, 0), (first.Role, first.MemberCount, first.Unread));
        using var list = await user.GetAsync("/api/rooms");
        Assert.Equal(
            [first.Id, second.Id], (await list.ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK)).Select(r => r.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Bad_names_topics_and_kinds_are_refused()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await user.PostAsync("/api/rooms", new CreateRoomRequest("  ")).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidRoomName);
        await user.PostAsync("/api/rooms", new CreateRoomRequest(new string('x', Limits.RoomNameMax + 1)))
            .RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidRoomName);
        await user.PostAsync("/api/rooms", new CreateRoomRequest("x", Topic: new string('x', Limits.RoomTopicMax + 1)))
            .RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidTopic);
        await user.PostAsync("/api/rooms", new CreateRoomRequest("x", RoomKind.Direct)).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidRoomKind);
    }

    [Fact]
    public async Task Newcomers_find_and_join_public_rooms_and_leave_them()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var user = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync();
        using var found = await user.GetAsync($"/api/rooms?scope=public&q={room.Name[..4]}");
        Assert.Null(Assert.Single(await found.ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK), r => r.Id == room.Id).Role);

        await user.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest()).SucceedsAsync(HttpStatusCode.OK);
        await user.PostAsync("/api/rooms/general/members", new AddMemberRequest()).SucceedsAsync(HttpStatusCode.OK);
        using var members = await user.GetAsync($"/api/rooms/{room.Id}/members");
        Assert.Equal(
            [(owner.Name, MemberRole.Owner), (user.Name, MemberRole.Member)],
            (await members.ReadAsync<IReadOnlyList<RoomMember>>(HttpStatusCode.OK)).Select(m => (m.Username, m.Role)).OrderByDescending(m => m.Role));

        await user.DeleteAsync($"/api/rooms/{room.Id}/members/{user.Name}").SucceedsAsync(HttpStatusCode.NoContent);
        await user.GetAsync($"/api/rooms/{room.Id}/members").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        await owner.DeleteAsync($"/api/rooms/{room.Id}/members/{user.Name}").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.UserNotFound);
        await user.GetAsync("/api/rooms?scope=secret").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidQuery);
        await user.GetAsync("/api/rooms?scope=public&limit=0").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidLimit);
    }

    [Fact]
    public async Task A_private_room_is_unknown_to_everybody_else_whatever_they_ask()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var user = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(kind: RoomKind.Private);
        var said = await owner.SayAsync(room.Id, "secret");
        Task<HttpResponseMessage>[] calls =
        [
            user.GetAsync($"/api/rooms/{room.Id}"), user.PatchAsync($"/api/rooms/{room.Id}", new UpdateRoomRequest("mine")),
            user.DeleteAsync($"/api/rooms/{room.Id}"), user.GetAsync($"/api/rooms/{room.Id}/members"),
            user.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest()),
            user.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest(owner.Name)),
            user.DeleteAsync($"/api/rooms/{room.Id}/members/{owner.Name}"), user.PostAsync($"/api/rooms/{room.Id}/invites"),
            user.GetAsync($"/api/rooms/{room.Id}/messages"), user.PostAsync($"/api/rooms/{room.Id}/messages", new PostMessageRequest("hello")),
            user.PatchAsync($"/api/rooms/{room.Id}/messages/{said.Id}", new EditContentRequest("x")),
            user.DeleteAsync($"/api/rooms/{room.Id}/messages/{said.Id}"), user.PutAsync($"/api/rooms/{room.Id}/messages/{said.Id}/reactions/👍"),
            user.PostAsync($"/api/rooms/{room.Id}/read", new ReadRequest(said.Id)), user.GetAsync($"/api/search?q=secret&room={room.Id}"),
            user.GetAsync("/api/rooms/no-such-room"),
        ];
        foreach (var call in calls)
        {
            await call.RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        }

        using var found = await user.GetAsync("/api/rooms?scope=public");
        Assert.DoesNotContain(await found.ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK), r => r.Id == room.Id);
    }

    [Fact]
    public async Task Members_add_others_to_a_private_room_and_an_invitation_lets_in()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var friend = await TestUser.SignedUpAsync(api.First);
        await using var guest = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(kind: RoomKind.Private, members: friend);
        await friend.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest("nobody-at-all")).RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.UserNotFound);

        using var invited = await friend.PostAsync($"/api/rooms/{room.Id}/invites");
        var invite = await invited.ReadAsync<RoomInvite>(HttpStatusCode.Created);
        using var joined = await guest.PostAsync($"/api/invites/{invite.Token}");
        Assert.Equal(room.Id, (await joined.ReadAsync<RoomSummary>(HttpStatusCode.OK)).Id);
        await guest.GetAsync($"/api/rooms/{room.Id}/messages").SucceedsAsync(HttpStatusCode.OK);
        await guest.PostAsync("/api/invites/made-up").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task Invitations_that_were_taken_back_let_nobody_in_and_the_next_ones_do()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var friend = await TestUser.SignedUpAsync(api.Second);
        await using var guest = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(kind: RoomKind.Private, members: friend);
        using var first = await friend.PostAsync($"/api/rooms/{room.Id}/invites");
        var old = await first.ReadAsync<RoomInvite>(HttpStatusCode.Created);
        await guest.DeleteAsync($"/api/rooms/{room.Id}/invites").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        await friend.DeleteAsync($"/api/rooms/{room.Id}/invites").RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.Forbidden);

        await owner.DeleteAsync($"/api/rooms/{room.Id}/invites").SucceedsAsync(HttpStatusCode.NoContent);

        await guest.PostAsync($"/api/invites/{old.Token}").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        await guest.GetAsync($"/api/rooms/{room.Id}").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        // The other pod has remembered the room since before.
        using var second = await friend.PostAsync($"/api/rooms/{room.Id}/invites");
        var invite = await second.ReadAsync<RoomInvite>(HttpStatusCode.Created);
        await guest.PostAsync($"/api/invites/{invite.Token}").SucceedsAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Only_owners_change_a_room_and_the_last_one_stays()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var member = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(members: member);
        await member.PatchAsync($"/api/rooms/{room.Id}", new UpdateRoomRequest("Mine")).RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
        await member.DeleteAsync($"/api/rooms/{room.Id}/members/{owner.Name}").RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
        await member.PatchAsync($"/api/rooms/{room.Id}/members/{member.Name}", new UpdateMemberRequest(MemberRole.Owner))
            .RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
        await owner.DeleteAsync($"/api/rooms/{room.Id}/members/{owner.Name}").RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.LastOwner);
        await owner.PatchAsync($"/api/rooms/{room.Id}/members/{owner.Name}", new UpdateMemberRequest(MemberRole.Member))
            .RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.LastOwner);

        using var changed = await owner.PatchAsync($"/api/rooms/{room.Id}", new UpdateRoomRequest("Better", "What it is about"));
        var better = await changed.ReadAsync<RoomSummary>(HttpStatusCode.OK);
        Assert.Equal((room.Id, "Better", "What it is about"), (better.Id, better.Name, better.Topic));
        await owner.PatchAsync($"/api/rooms/{room.Id}/members/{member.Name}", new UpdateMemberRequest(MemberRole.Owner)).SucceedsAsync(HttpStatusCode.NoContent);
        await owner.DeleteAsync($"/api/rooms/{room.Id}/members/{owner.Name}").SucceedsAsync(HttpStatusCode.NoContent);
        await member.PatchAsync($"/api/rooms/{room.Id}/members/{member.Name}", new UpdateMemberRequest(Muted: true)).SucceedsAsync(HttpStatusCode.NoContent);
        using var own = await member.GetAsync($"/api/rooms/{room.Id}");
        Assert.True((await own.ReadAsync<RoomSummary>(HttpStatusCode.OK)).Muted);
    }

    [Fact]
    public async Task An_archived_room_is_read_only()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var other = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync();
        var said = await owner.SayAsync(room.Id, "before");
        await owner.DeleteAsync($"/api/rooms/{room.Id}").SucceedsAsync(HttpStatusCode.NoContent);

        await owner.PostAsync($"/api/rooms/{room.Id}/messages", new PostMessageRequest("after")).RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.RoomArchived);
        await owner.PatchAsync($"/api/rooms/{room.Id}/messages/{said.Id}", new EditContentRequest("after"))
            .RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.RoomArchived);
        await other.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest()).RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.RoomArchived);
        Assert.Equal([said.Id], (await owner.HistoryAsync(room.Id)).Messages.Select(m => m.Id));
        await owner.PatchAsync($"/api/rooms/{room.Id}", new UpdateRoomRequest(Archived: false)).SucceedsAsync(HttpStatusCode.OK);
        await owner.SayAsync(room.Id, "again");
    }

    [Fact]
    public async Task The_same_people_have_one_direct_room_whoever_asks_and_it_stays_as_it_is()
    {
        await using var a = await TestUser.SignedUpAsync(api.First);
        await using var b = await TestUser.SignedUpAsync(api.Second);
        var answers = await Task.WhenAll(
            a.PostAsync("/api/direct", new DirectRoomRequest([b.Name])),
            b.PostAsync("/api/direct", new DirectRoomRequest([a.Name, b.Name])),
            a.PostAsync("/api/direct", new DirectRoomRequest([b.Name, b.Name])));
        var rooms = await Task.WhenAll(answers.Select(async r => (await r.ReadAsync<RoomSummary>(r.StatusCode), r.StatusCode)));

        Assert.Single(rooms.Select(r => r.Item1.Id).Distinct());
        // Two requests of one person within a millisecond may both say that they created the one room.
        Assert.Contains(rooms, r => r.StatusCode == HttpStatusCode.Created);
        Assert.Equal([a.Name], rooms[1].Item1.DirectWith);
        Assert.Equal([a.Name], rooms[1].Item1.DirectPeople!.Select(p => p.Username));
        await a.PatchAsync("/api/auth/me", new UpdateMeRequest("Somebody Else")).SucceedsAsync(HttpStatusCode.OK);
        var id = rooms[0].Item1.Id;
        var listed = (await (await b.GetAsync("/api/rooms")).ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK)).Single(r => r.Id == id);
        Assert.Equal([new UserInfo(a.Name, "Somebody Else", Online: false)], listed.DirectPeople!);
        await a.DeleteAsync($"/api/rooms/{id}/members/{a.Name}").RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.DirectRoomFixed);
        await a.PostAsync($"/api/rooms/{id}/members", new AddMemberRequest("general")).RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.DirectRoomFixed);
        await a.PatchAsync($"/api/rooms/{id}", new UpdateRoomRequest("Us")).RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.DirectRoomFixed);
        await a.PostAsync("/api/direct", new DirectRoomRequest([])).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidMembers);
        await a.PostAsync("/api/direct", new DirectRoomRequest(["nobody-at-all"])).RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.UserNotFound);
    }

    [Fact]
    public async Task Unread_and_mentions_count_what_others_said_since_the_mark_or_since_one_came()
    {
        await using var speaker = await TestUser.SignedUpAsync(api.First);
        await using var reader = await TestUser.SignedUpAsync(api.Second);
        var room = await speaker.RoomAsync();
        await IsPastAsync(await speaker.SayAsync(room.Id, "before anybody came"));
        await reader.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest()).SucceedsAsync(HttpStatusCode.OK);
        await speaker.SayAsync(room.Id, "one");
        var two = await speaker.SayAsync(room.Id, $"two, @{reader.Name}.");
        var three = await speaker.SayAsync(room.Id, "three @room");
        await IsPastAsync(three);
        await reader.SayAsync(room.Id, "my own does not count");

        Assert.Equal((3, 2), await CountAsync());
        Assert.Equal([reader.Name], two.Mentions);
        await reader.PostAsync($"/api/rooms/{room.Id}/read", new ReadRequest(two.Id)).SucceedsAsync(HttpStatusCode.NoContent);
        Assert.Equal((1, 1), await CountAsync());
        await reader.PostAsync($"/api/rooms/{room.Id}/read", new ReadRequest(three.Id)).SucceedsAsync(HttpStatusCode.NoContent);
        await reader.PostAsync($"/api/rooms/{room.Id}/read", new ReadRequest(two.Id)).SucceedsAsync(HttpStatusCode.NoContent);
        Assert.Equal((0, 0), await CountAsync());
        using var members = await speaker.GetAsync($"/api/rooms/{room.Id}/members");
        Assert.Equal(
            (three.Id, three.Timestamp),
            (await members.ReadAsync<IReadOnlyList<RoomMember>>(HttpStatusCode.OK)).Where(m => m.Username == reader.Name).Select(m => (m.LastReadMessageId, m.LastReadAt!.Value)).Single());
        await reader.PostAsync($"/api/rooms/{room.Id}/read", new ReadRequest("nonsense")).RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.MessageNotFound);
        await Answers.EventuallyNotFoundAsync(() => reader.PostAsync($"/api/rooms/{room.Id}/read", new ReadRequest(new string('0', 32))));

        // Two instances order what happens in the same millisecond by chance, unless one has heard of the other's.
        static async Task IsPastAsync(Message message)
        {
            while (DateTimeOffset.UtcNow <= message.Timestamp.AddMilliseconds(1))
            {
                await Task.Delay(1);
            }
        }

        async Task<(int, int)> CountAsync()
        {
            using var list = await reader.GetAsync("/api/rooms");
            var one = Assert.Single(await list.ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK), r => r.Id == room.Id);
            Assert.Equal("my own does not count", one.LastMessage?.Content);
            return (one.Unread, one.Mentions);
        }
    }

    [Fact]
    public async Task What_is_saved_while_it_is_counted_is_counted_once()
    {
        await using var instance = api.StartAnother(services =>
        {
            var archive = services.Last(s => s.ServiceType == typeof(IMessageArchive) && !s.IsKeyedService).ImplementationFactory!;
            services.AddSingleton(s => ArchiveJustBeforeSaving.Of((IMessageArchive)archive(s)));
        });
        await using var speaker = await TestUser.SignedUpAsync(api.First);
        await using var reader = await TestUser.SignedUpAsync(instance);
        var room = await speaker.RoomAsync();
        await reader.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest()).SucceedsAsync(HttpStatusCode.OK);
        var message = await speaker.SayAsync(room.Id, "@room");
        await Servers.Eventually.AsyncTrue(async () =>
            await instance.Services.GetRequiredService<IMessageArchive>().FindAsync(message.Id, default) is not null);

        using var list = await reader.GetAsync("/api/rooms");
        var one = Assert.Single(await list.ReadAsync<IReadOnlyList<RoomSummary>>(HttpStatusCode.OK), r => r.Id == room.Id);
        Assert.Equal((1, 1), (one.Unread, one.Mentions));
    }

    /// <summary>Answers what is newest as it did a moment before the message was saved; everything else as it is now.</summary>
    public class ArchiveJustBeforeSaving : DispatchProxy
    {
        private IMessageArchive? _inner;

        public static IMessageArchive Of(IMessageArchive inner)
        {
            var archive = Create<IMessageArchive, ArchiveJustBeforeSaving>();
            ((ArchiveJustBeforeSaving)(object)archive)._inner = inner;
            return archive;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name == nameof(IMessageArchive.ReadNewestAsync)
                ? Task.FromResult<IReadOnlyDictionary<string, Message>>(new Dictionary<string, Message>())
                : targetMethod.Invoke(_inner, args);
    }

    [Fact]
    public async Task People_are_found_by_the_beginning_of_their_name()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        using var found = await user.GetAsync($"/api/users?q={user.Name}");
        Assert.Equal([user.Name], (await found.ReadAsync<IReadOnlyList<UserInfo>>(HttpStatusCode.OK)).Select(u => u.Username));
        await user.GetAsync($"/api/users?q={new string('x', 100)}").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidQuery);
    }
}
