using System.Net;
using System.Text.Json;
using Chat.Contracts;

namespace Chat.Tests.Api;

[Collection(ApiGroup.Name)]
public sealed class MessageTests(ApiFixture api)
{
    [Fact]
    public async Task A_message_is_what_was_sent_and_history_has_it()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var reader = await TestUser.SignedUpAsync(api.Second);
        var room = await user.RoomAsync(members: reader);
        var first = await user.SayAsync(room.Id, "  hello \n", "c-1");
        var reply = await user.SayAsync(room.Id, "again", replyTo: first.Id);

        Assert.Equal((MessageId.For(user.Name, "c-1"), user.Name, room.Id, "hello", "c-1"), (first.Id, first.Sender, first.RoomId, first.Content, first.ClientId));
        Assert.Equal((1, 2, first.Id), (first.Seq, reply.Seq, reply.ReplyTo));
        Assert.True(reply.Timestamp > first.Timestamp);
        var page = await reader.HistoryAsync(room.Id);
        Assert.Equal([first.Id, reply.Id], page.Messages.Select(m => m.Id));
        Assert.Equal((2L, first.Epoch), (page.Seq, page.Epoch));
    }

    [Fact]
    public async Task One_message_is_read_where_its_creation_said_that_it_is_by_members_only()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var reader = await TestUser.SignedUpAsync(api.Second);
        await using var stranger = await TestUser.SignedUpAsync(api.Second);
        var room = await user.RoomAsync(kind: RoomKind.Private, members: reader);
        var other = await user.RoomAsync();
        var answer = await user.PostAsync($"/api/rooms/{room.Id}/messages", new PostMessageRequest("hello"));
        var address = answer.Headers.Location!.ToString();
        var sent = await answer.ReadAsync<Message>(HttpStatusCode.Created);

        var read = await (await reader.GetAsync(address)).ReadAsync<Message>(HttpStatusCode.OK);

        Assert.Equal((sent.Id, sent.Content, sent.Timestamp, sent.Seq), (read.Id, read.Content, read.Timestamp, read.Seq));
        await stranger.GetAsync(address).RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        await user.GetAsync($"/api/rooms/{other.Id}/messages/{sent.Id}").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.MessageNotFound);
        await user.GetAsync($"/api/rooms/{room.Id}/messages/nonsense").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.MessageNotFound);
    }

    [Fact]
    public async Task What_breaks_a_limit_is_refused()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync();
        await Send(new PostMessageRequest(" \n ")).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidContent);
        await Send(new PostMessageRequest(new string('x', Limits.ContentMax + 1))).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidContent);
        await Send(new PostMessageRequest("x", "")).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidClientId);
        await Send(new PostMessageRequest("x", new string('x', Limits.ClientIdMax + 1))).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidClientId);
        await Send(new PostMessageRequest("x", ReplyTo: "nonsense")).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidReply);
        await Send(new PostMessageRequest(new string('x', Limits.ContentMax))).SucceedsAsync(HttpStatusCode.Created);

        Task<HttpResponseMessage> Send(PostMessageRequest request) => user.PostAsync($"/api/rooms/{room.Id}/messages", request);
    }

    [Fact]
    public async Task The_same_client_id_three_times_also_at_both_instances_is_one_message_shown_once_and_stored_once()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var reader = await TestUser.SignedUpAsync(api.Second);
        await using var elsewhere = user.At(api.Second);
        var room = await user.RoomAsync(members: reader);
        var events = new Events();
        await reader.ConnectAsync(events);

        var sent = await Task.WhenAll(user.SayAsync(room.Id, "once", "same"), elsewhere.SayAsync(room.Id, "once", "same"), user.SayAsync(room.Id, "once", "same"));
        var last = await user.SayAsync(room.Id, "last");

        Assert.Single(sent.Select(m => (m.Id, m.Timestamp, m.Seq, m.Epoch)).Distinct());
        Assert.Equal(sent[0].Id, (await events.NextAsync<Message>()).Id);
        Assert.Equal(last.Id, (await events.NextAsync<Message>()).Id);
        await Servers.Eventually.AsyncTrue(async () => (await reader.HistoryAsync(room.Id)) is { Complete: true } page
            && page.Messages.Select(m => m.Id).SequenceEqual([sent[0].Id, last.Id]));
    }

    [Fact]
    public async Task A_client_id_used_in_another_room_is_refused()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var (here, there) = (await user.RoomAsync(), await user.RoomAsync());
        await user.SayAsync(here.Id, "hello", "same");
        await user.PostAsync($"/api/rooms/{there.Id}/messages", new PostMessageRequest("hello", "same"))
            .RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.ClientIdReused);
    }

    [Fact]
    public async Task More_than_the_burst_at_once_is_refused_for_a_moment()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => user.PostAsync($"/api/rooms/{room.Id}/messages", new PostMessageRequest($"{i}"))));

        Assert.Contains(answers, a => a.StatusCode == HttpStatusCode.TooManyRequests && a.Headers.RetryAfter is not null);
        Assert.InRange(answers.Count(a => a.StatusCode == HttpStatusCode.Created), Limits.SendBurst, 79);
    }

    [Fact]
    public async Task The_author_edits_and_deletes_a_moderator_deletes_and_nobody_else()
    {
        await using var owner = await TestUser.SignedUpAsync(api.First);
        await using var author = await TestUser.SignedUpAsync(api.Second);
        var room = await owner.RoomAsync(members: author);
        var said = await author.SayAsync(room.Id, "first");
        var owners = await owner.SayAsync(room.Id, "the owner's");
        var path = $"/api/rooms/{room.Id}/messages/{said.Id}";

        await owner.PatchAsync(path, new EditContentRequest("not mine")).RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
        await author.PatchAsync(path, new EditContentRequest(" ")).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidContent);
        await author.PatchAsync(path, new EditContentRequest("second")).SucceedsAsync(HttpStatusCode.NoContent);
        await author.DeleteAsync($"/api/rooms/{room.Id}/messages/{owners.Id}").RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
        var edited = (await owner.HistoryAsync(room.Id)).Messages[0];
        Assert.Equal(("second", true), (edited.Content, edited.EditedAt > said.Timestamp));

        await owner.DeleteAsync(path).SucceedsAsync(HttpStatusCode.NoContent);
        await author.DeleteAsync(path).SucceedsAsync(HttpStatusCode.NoContent);
        var deleted = (await author.HistoryAsync(room.Id)).Messages[0];
        Assert.Equal(("", true), (deleted.Content, deleted.DeletedAt is not null));
        await author.PatchAsync(path, new EditContentRequest("third")).RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.MessageNotFound);
        await Answers.EventuallyNotFoundAsync(() => owner.DeleteAsync($"/api/rooms/{room.Id}/messages/{new string('a', 32)}"));
    }

    [Fact]
    public async Task Reactions_go_on_and_off()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var other = await TestUser.SignedUpAsync(api.Second);
        var room = await user.RoomAsync(members: other);
        var said = await user.SayAsync(room.Id, "nice");
        var path = $"/api/rooms/{room.Id}/messages/{said.Id}/reactions/";

        await user.PutAsync(path + "👍").SucceedsAsync(HttpStatusCode.NoContent);
        await other.PutAsync(path + "👍").SucceedsAsync(HttpStatusCode.NoContent);
        await other.PutAsync(path + "❤️").SucceedsAsync(HttpStatusCode.NoContent);
        await user.DeleteAsync(path + "👍").SucceedsAsync(HttpStatusCode.NoContent);
        await user.PutAsync(path + "x").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidEmoji);
        await user.PutAsync(path + "👍👍").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidEmoji);

        var reactions = (await user.HistoryAsync(room.Id)).Messages[0].Reactions;
        Assert.Equal([("👍", other.Name), ("❤️", other.Name)], reactions.Select(r => (r.Emoji, string.Join(',', r.Users))));
    }

    [Fact]
    public async Task Pages_of_more_than_Redis_keeps_join_without_hole_or_double_in_both_directions()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var other = await TestUser.SignedUpAsync(api.Second);
        var room = await user.RoomAsync(members: other);
        var said = new List<Message>();
        for (var i = 0; i < Limits.RecentMessages + 30; i++)
        {
            said.Add(await SayPatientlyAsync(i % 2 == 0 ? user : other, room.Id, $"message {i}"));
        }

        // In the room's order: two instances may accept a message each within the same millisecond, before they hear of each other's.
        said.Sort(MessageMerge.Compare);
        var all = said.ConvertAll(m => m.Id);
        var back = new List<string>();
        for (string? before = null; ; before = back[0])
        {
            var page = await CompleteAsync(user, room.Id, $"?limit=37{(before is null ? "" : $"&before={before}")}");
            back.InsertRange(0, page.Messages.Select(m => m.Id));
            if (!page.HasMoreBefore)
            {
                break;
            }
        }

        var forth = new List<string>();
        for (var after = $"0_{new string('0', 32)}"; ; after = forth[^1])
        {
            var page = await CompleteAsync(other, room.Id, $"?limit=41&after={after}");
            forth.AddRange(page.Messages.Select(m => m.Id));
            if (!page.HasMoreAfter)
            {
                break;
            }
        }

        Assert.Equal(all, back);
        Assert.Equal(all, forth);
    }

    [Fact]
    public async Task Bad_cursors_and_limits_are_refused()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync();
        foreach (var limit in (string[])["0", "-1", "101"])
        {
            await user.GetAsync($"/api/rooms/{room.Id}/messages?limit={limit}").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidLimit);
        }

        await user.GetAsync($"/api/rooms/{room.Id}/messages?before=nonsense").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidCursor);
        await user.GetAsync($"/api/rooms/{room.Id}/messages?before=5_short").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidCursor);
        Assert.Empty((await user.HistoryAsync(room.Id, "?before=2020-01-01T00:00:00.000Z")).Messages);
    }

    [Fact]
    public async Task Search_finds_saved_messages_of_ones_own_rooms_only()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        await using var stranger = await TestUser.SignedUpAsync(api.Second);
        var word = "w" + Guid.NewGuid().ToString("N")[..10];
        var room = await user.RoomAsync();
        var said = await user.SayAsync(room.Id, $"the {word} stands here");
        await Servers.Eventually.AsyncTrue(async () =>
        {
            using var answer = await user.GetAsync($"/api/search?q={word[..8]}&from={user.Name}&room={room.Id}");
            return (await answer.ReadAsync<SearchPage>(HttpStatusCode.OK)).Messages.Select(m => m.Id).SequenceEqual([said.Id]);
        });
        using var nothing = await stranger.GetAsync($"/api/search?q={word}");
        Assert.Empty((await nothing.ReadAsync<SearchPage>(HttpStatusCode.OK)).Messages);
        await user.GetAsync("/api/search?q=").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidQuery);
        await user.GetAsync("/api/search?q=x&before=nonsense").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidCursor);
    }

    [Fact]
    public async Task Other_clients_see_exactly_the_contracts_field_names()
    {
        await using var user = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync();
        await user.SayAsync(room.Id, "hello", "c-1");
        using var answer = await user.GetAsync($"/api/rooms/{room.Id}/messages");
        using var page = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());

        Assert.Equal(["changesNumbered", "complete", "epoch", "hasMoreAfter", "hasMoreBefore", "messages", "seq"], Names(page.RootElement));
        var message = page.RootElement.GetProperty("messages")[0];
        Assert.Equal(["clientId", "content", "epoch", "id", "mentions", "reactions", "roomId", "sender", "seq", "timestamp"], Names(message));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", message.GetProperty("timestamp").GetString());
        using var rooms = JsonDocument.Parse(await (await user.GetAsync("/api/rooms")).Content.ReadAsStringAsync());
        Assert.Equal("public", rooms.RootElement[0].GetProperty("kind").GetString());

        static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal);
    }

    /// <summary>A page that says it is incomplete, because something still waits to be saved, is asked for again: so do clients.</summary>
    private static async Task<MessagePage> CompleteAsync(TestUser user, string roomId, string query)
    {
        var page = await user.HistoryAsync(roomId, query);
        await Servers.Eventually.AsyncTrue(async () => page.Complete || (page = await user.HistoryAsync(roomId, query)).Complete);
        return page;
    }

    private static async Task<Message> SayPatientlyAsync(TestUser user, string roomId, string content)
    {
        Message? said = null;
        await Servers.Eventually.AsyncTrue(async () =>
        {
            using var answer = await user.PostAsync($"/api/rooms/{roomId}/messages", new PostMessageRequest(content, content));
            said = answer.StatusCode == HttpStatusCode.TooManyRequests ? null : await answer.ReadAsync<Message>(HttpStatusCode.Created);
            return said is not null;
        });
        return said!;
    }
}
