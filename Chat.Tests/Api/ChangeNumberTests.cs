using System.Net;
using Chat.Backends.Pods;
using Chat.Contracts;
using Chat.Tests.Backends.Pods;

namespace Chat.Tests.Api;

/// <summary>Edits, deletions and reactions have numbers, so that a client finds out that it missed one, and which.</summary>
[Collection(ApiGroup.Name)]
public sealed class ChangeNumberTests(ApiFixture api)
{
    [Fact]
    public async Task Who_missed_changes_sees_a_gap_in_the_numbers_and_is_told_exactly_these()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(members: bob);
        var first = await alice.SayAsync(room.Id, "first");
        var path = $"/api/rooms/{room.Id}/messages/{first.Id}";

        // Bob has the page, and hears nothing of this.
        var known = await bob.HistoryAsync(room.Id);
        Assert.Equal((first.Seq, first.Epoch, true), (known.Seq, known.Epoch, known.ChangesNumbered));
        await alice.PatchAsync(path, new EditContentRequest("edited")).SucceedsAsync(HttpStatusCode.NoContent);
        await alice.At(api.Second).PutAsync($"{path}/reactions/🎉").SucceedsAsync(HttpStatusCode.NoContent);
        var events = new Events();
        await bob.ConnectAsync(events);
        var second = await alice.SayAsync(room.Id, "second");

        Assert.Equal(first.Seq + 3, (await events.NextAsync<Message>(m => m.Id == second.Id)).Seq);
        var missed = await ChangesAsync(bob, room.Id, $"?epoch={known.Epoch}&since={known.Seq}");
        Assert.Equal((second.Seq, second.Epoch, true), (missed.Seq, missed.Epoch, missed.Complete));
        Assert.Equal([("edited", first.Seq + 1)], missed.Changes.OfType<MessageEdited>().Select(e => (e.Content, e.Seq)));
        Assert.Equal([("🎉", first.Seq + 2)], missed.Changes.OfType<ReactionChanged>().Select(r => (r.Emoji, r.Seq)));
        var page = await bob.HistoryAsync(room.Id);
        Assert.Equal((second.Seq, second.Epoch), (page.Seq, page.Epoch));
        var merged = missed.Changes.Aggregate(known.Messages[0], MessageMerge.Apply);
        Assert.Equivalent(page.Messages[0], merged, strict: true);

        var nothing = await ChangesAsync(bob, room.Id, $"?epoch={page.Epoch}&since={page.Seq}");
        Assert.Equal((0, true), (nothing.Changes.Count, nothing.Complete));
        var another = await ChangesAsync(bob, room.Id, $"?epoch=0123456789ab-01234567&since={known.Seq}");
        Assert.Equal((0, false, page.Epoch), (another.Changes.Count, another.Complete, another.Epoch));
    }

    [Fact]
    public async Task Changes_are_told_to_members_alone_and_only_for_a_number()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(kind: RoomKind.Private);
        var message = await alice.SayAsync(room.Id, "secret");

        await bob.GetAsync($"/api/rooms/{room.Id}/changes?epoch={message.Epoch}&since=0")
            .RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        await alice.GetAsync("/api/rooms/nowhere/changes?epoch=e&since=0").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        foreach (var query in (string[])["", "?since=1", $"?epoch={message.Epoch}", $"?epoch={message.Epoch}&since=-1"])
        {
            await alice.GetAsync($"/api/rooms/{room.Id}/changes{query}").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidCursor);
        }
    }

    [Fact]
    public async Task A_change_that_comes_without_a_number_is_shown_at_once_and_numbered_once_by_those_who_hear_of_it()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(members: bob);
        var message = await alice.SayAsync(room.Id, "who numbers this?");
        Events atAlice = new(), atBob = new();
        await alice.ConnectAsync(atAlice);
        await bob.ConnectAsync(atBob);
        await using var older = await TestPod.StartAsync(api.Redis.ConnectionString);
        var reaction = new ReactionChanged
        {
            RoomId = room.Id,
            Id = message.Id,
            Username = alice.Name,
            Emoji = "🎉",
            On = true,
            At = message.Timestamp.AddSeconds(1),
        };

        Assert.True(await older.Channel.PublishAsync(new MessageWasChanged(reaction), default));

        foreach (var events in (Events[])[atAlice, atBob])
        {
            Assert.Equal(0, (await events.NextAsync<ReactionChanged>()).Seq);
            var numbered = await events.NextAsync<ReactionChanged>(r => r.Seq > 0);
            Assert.Equivalent(reaction with { Seq = message.Seq + 1, Epoch = message.Epoch }, numbered, strict: true);
        }

        Assert.Equal(message.Seq + 2, (await alice.SayAsync(room.Id, "next")).Seq);
        Assert.Single((await ChangesAsync(bob, room.Id, $"?epoch={message.Epoch}&since=0")).Changes);
    }

    private static async Task<ChangePage> ChangesAsync(TestUser user, string roomId, string query)
    {
        using var answer = await user.GetAsync($"/api/rooms/{roomId}/changes{query}");
        return await answer.ReadAsync<ChangePage>(HttpStatusCode.OK);
    }
}
