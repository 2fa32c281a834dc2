using System.Net;
using Chat.Contracts;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Chat.Tests.Api;

[Collection(ApiGroup.Name)]
public sealed class HubTests(ApiFixture api)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_changes_typing_and_read_marks_reach_everybody_in_the_room_at_both_instances(bool messagePack)
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(members: bob);
        Events atAlice = new(), atBob = new();
        var hub = await alice.ConnectAsync(atAlice, messagePack);
        await bob.ConnectAsync(atBob, messagePack);

        var receipt = await hub.InvokeAsync<SendReceipt>(nameof(IChatServer.SendMessage), new SendMessage(room.Id, $"hello @{bob.Name}", "c-1"));
        foreach (var events in (Events[])[atAlice, atBob])
        {
            var message = await events.NextAsync<Message>();
            Assert.Equal(
                (receipt.Id, receipt.Timestamp, receipt.Seq, receipt.Epoch, $"hello @{bob.Name}", "c-1", bob.Name),
                (message.Id, message.Timestamp, message.Seq, message.Epoch, message.Content, message.ClientId, Assert.Single(message.Mentions)));
        }

        await hub.InvokeAsync(nameof(IChatServer.Typing), room.Id);
        await hub.InvokeAsync(nameof(IChatServer.EditMessage), new EditMessage(room.Id, receipt.Id, "better"));
        await hub.InvokeAsync(nameof(IChatServer.React), new React(room.Id, receipt.Id, "🎉", On: true));
        await hub.InvokeAsync(nameof(IChatServer.MarkRead), room.Id, receipt.Id);
        await hub.InvokeAsync(nameof(IChatServer.DeleteMessage), new DeleteMessage(room.Id, receipt.Id));

        // No order between kinds is promised, so each is looked for among all that came.
        await AllArriveAsync(atAlice);
        await AllArriveAsync(atBob);

        async Task AllArriveAsync(Events events)
        {
            var seen = new List<object>();
            await Servers.Eventually.AsyncTrue(() =>
            {
                seen.AddRange(events.Taken());
                return seen.OfType<TypingEvent>().Any(t => t == new TypingEvent(room.Id, alice.Name))
                    && seen.OfType<MessageEdited>().Any(e =>
                        (e.Id, e.Content, e.Seq, e.Epoch) == (receipt.Id, "better", receipt.Seq + 1, receipt.Epoch))
                    && seen.OfType<ReactionChanged>().Any(r =>
                        (r.Id, r.Username, r.Emoji, r.On, r.Seq) == (receipt.Id, alice.Name, "🎉", true, receipt.Seq + 2))
                    && seen.OfType<ReadEvent>().Any(r => r == new ReadEvent(room.Id, alice.Name, receipt.Id))
                    && seen.OfType<MessageDeleted>().Any(d => (d.Id, d.Seq) == (receipt.Id, receipt.Seq + 3));
            });
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_is_code_and_text(bool messagePack)
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync();
        var hub = await user.ConnectAsync(messagePack: messagePack);

        await RefusedAsync(ErrorCodes.RoomNotFound, nameof(IChatServer.SendMessage), new SendMessage("no-such-room", "x", "c"));
        await RefusedAsync(ErrorCodes.InvalidContent, nameof(IChatServer.SendMessage), new SendMessage(room.Id, " ", "c"));
        await RefusedAsync(ErrorCodes.InvalidClientId, nameof(IChatServer.SendMessage), new SendMessage(room.Id, "x", ""));
        await RefusedAsync(ErrorCodes.RoomNotFound, nameof(IChatServer.EditMessage), new EditMessage("no-such-room", "x", "x"));
        await RefusedAsync(ErrorCodes.MessageNotFound, nameof(IChatServer.DeleteMessage), new DeleteMessage(room.Id, "x"));
        await RefusedAsync(ErrorCodes.InvalidEmoji, nameof(IChatServer.React), new React(room.Id, "x", "x", On: true));
        await RefusedAsync(ErrorCodes.RoomNotFound, nameof(IChatServer.Typing), "no-such-room");
        await RefusedAsync(ErrorCodes.MessageNotFound, nameof(IChatServer.MarkRead), room.Id, "x");

        async Task RefusedAsync(string code, string method, params object?[] arguments)
        {
            var refused = await Assert.ThrowsAsync<HubException>(() => hub.InvokeCoreAsync(method, arguments));
            Assert.Contains($"{code}: ", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Somebody_who_is_not_in_the_room_hears_nothing_of_it()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var stranger = await TestUser.SignedUpAsync(api.First);
        var theirs = await stranger.RoomAsync();
        var room = await owner.RoomAsync(kind: RoomKind.Private);
        var events = new Events();
        var hub = await stranger.ConnectAsync(events);
        await owner.SayAsync(room.Id, "secret");
        await owner.PatchAsync($"/api/rooms/{room.Id}", new UpdateRoomRequest("Renamed"));

        // What comes after the secret on the same connection shows that the secret did not come.
        var own = await hub.InvokeAsync<SendReceipt>(nameof(IChatServer.SendMessage), new SendMessage(theirs.Id, "mine", "c"));
        var heard = await events.NextAsync<Message>();
        Assert.Equal(own.Id, heard.Id);
        Assert.DoesNotContain(events.Taken(), e => e is RoomChanged changed && changed.Id == room.Id);
    }

    [Fact]
    public async Task Joining_and_being_removed_take_effect_at_once_on_open_connections_of_both_instances()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var user = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(kind: RoomKind.Private);
        var events = new Events();
        var hub = await user.ConnectAsync(events);

        await owner.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest(user.Name));
        var came = await events.NextAsync<RoomChanged>(r => r.Id == room.Id);
        Assert.Equal((room.Name, RoomKind.Private), (came.Name, came.Kind));
        var said = await owner.SayAsync(room.Id, "welcome");
        Assert.Equal(said.Id, (await events.NextAsync<Message>()).Id);

        await owner.DeleteAsync($"/api/rooms/{room.Id}/members/{user.Name}");
        Assert.Equal(room.Id, (await events.NextAsync<RoomRemovedEvent>()).Id);
        await owner.SayAsync(room.Id, "without you");
        var refused = await Assert.ThrowsAsync<HubException>(
            () => hub.InvokeAsync<SendReceipt>(nameof(IChatServer.SendMessage), new SendMessage(room.Id, "still there?", "c")));
        Assert.Contains(ErrorCodes.RoomNotFound, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(events.Taken(), e => e is Message { Content: "without you" });
    }

    [Fact]
    public async Task Who_joins_at_one_instance_is_told_to_look_again_once_the_other_with_their_socket_has_heard_of_it()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var user = await TestUser.SignedUpAsync(api.Second);
        await using var elsewhere = user.At(api.First);
        var room = await owner.RoomAsync();
        var events = new Events();
        await user.ConnectAsync(events);

        // Said when the joining was answered, and perhaps before the other instance heard of it: pushed or not, it is not missed.
        await elsewhere.PostAsync($"/api/rooms/{room.Id}/members", new AddMemberRequest()).SucceedsAsync(HttpStatusCode.OK);
        await owner.SayAsync(room.Id, "between");
        await events.NextAsync<ResyncEvent>(r => r.RoomId == room.Id);
        Assert.Contains((await user.HistoryAsync(room.Id)).Messages, m => m.Content == "between");
        var said = await owner.SayAsync(room.Id, "welcome");
        Assert.Equal(said.Id, (await events.NextAsync<Message>(m => m.Content == "welcome")).Id);

        // A change of what they may do is no arrival.
        await owner.PatchAsync($"/api/rooms/{room.Id}/members/{user.Name}", new UpdateMemberRequest(Role: MemberRole.Moderator)).SucceedsAsync(HttpStatusCode.NoContent);
        await events.NextAsync<RoomChanged>(r => r.Id == room.Id);
        Assert.DoesNotContain(events.Taken(), e => e is ResyncEvent);
    }

    [Fact]
    public async Task Presence_reaches_those_who_share_a_room()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        await alice.RoomAsync(members: bob);
        var events = new Events();
        await alice.ConnectAsync(events);

        var hub = await bob.ConnectAsync();
        Assert.Equal(new PresenceEvent(bob.Name, true), await events.NextAsync<PresenceEvent>(p => p.Username == bob.Name));
        await hub.StopAsync();
        Assert.Equal(new PresenceEvent(bob.Name, false), await events.NextAsync<PresenceEvent>(p => p.Username == bob.Name));
    }

    [Fact]
    public async Task What_one_connection_sends_at_once_keeps_its_order()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync();
        var hub = await user.ConnectAsync();
        var receipts = await Task.WhenAll(Enumerable.Range(0, 15).Select(i =>
            hub.InvokeAsync<SendReceipt>(nameof(IChatServer.SendMessage), new SendMessage(room.Id, $"{i}", $"c-{i}"))));

        Assert.Equal(receipts.Select(r => r.Seq).Order(), receipts.Select(r => r.Seq));
        Assert.Equal(
            Enumerable.Range(0, 15).Select(i => $"{i}"), (await user.HistoryAsync(room.Id)).Messages.Select(m => m.Content));
    }
}
