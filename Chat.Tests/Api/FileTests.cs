using System.Net;
using System.Net.Http.Headers;
using Chat.Contracts;

namespace Chat.Tests.Api;

[Collection(ApiGroup.Name)]
public sealed class FileTests(ApiFixture api)
{
    [Fact]
    public async Task A_member_sees_the_image_of_a_message_at_every_instance_and_a_stranger_gets_404()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        await using var stranger = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(kind: RoomKind.Private, members: bob);
        var events = new Events();
        await bob.ConnectAsync(events);

        var file = await UploadAsync(alice, room.Id, Images.Png(640, 480), "C:\\photos\\süß & sauer.png", "image/png");
        Assert.Equal(new Attachment(file.Id, "süß & sauer.png", "image/png", file.Size, 640, 480), file);
        using (var early = await bob.GetAsync(PathOf(room.Id, file.Id)))
        {
            Assert.Equal(HttpStatusCode.NotFound, early.StatusCode);
        }

        var sent = await SendAsync(alice, room.Id, "", file.Id);
        var heard = await events.NextAsync<Message>(m => m.Id == sent.Id);

        Assert.Equal("", sent.Content);
        Assert.Equal([file], sent.Attachments!);
        Assert.Equal([file], heard.Attachments!);
        Assert.Equal([file], (await bob.HistoryAsync(room.Id)).Messages[^1].Attachments!);
        using var image = await bob.GetAsync(PathOf(room.Id, file.Id));
        Assert.Equal(Images.Png(640, 480), await image.Content.ReadAsByteArrayAsync());
        Assert.Equal(("image/png", "inline"), (image.Content.Headers.ContentType!.MediaType, image.Content.Headers.ContentDisposition!.DispositionType));
        Assert.Equal("süß & sauer.png", image.Content.Headers.ContentDisposition.FileNameStar);
        Assert.Equal("nosniff", Assert.Single(image.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("default-src 'none'; sandbox", Assert.Single(image.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal((true, false), (image.Headers.CacheControl!.Private, image.Headers.CacheControl.Public));

        await stranger.GetAsync(PathOf(room.Id, file.Id)).RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        await Post(stranger, room.Id, [1], "x", "c").RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.RoomNotFound);
        var elsewhere = await bob.RoomAsync();
        await bob.GetAsync(PathOf(elsewhere.Id, file.Id)).RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.FileNotFound);
        await bob.GetAsync(PathOf(room.Id, "nonsense")).RefusedAsync(HttpStatusCode.NotFound, ErrorCodes.FileNotFound);
    }

    [Fact]
    public async Task A_part_of_a_file_and_what_a_browser_has_already_cost_no_more_than_that()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        var room = await alice.RoomAsync();
        var bytes = Enumerable.Range(0, 600_000).Select(i => (byte)(i * 7)).ToArray();
        var file = await UploadAsync(alice, room.Id, bytes, "data.bin");

        using var whole = await alice.GetAsync(PathOf(room.Id, file.Id));
        using var part = await Ask(r => r.Headers.Range = new RangeHeaderValue(300_000, 300_099));
        using var same = await Ask(r => r.Headers.IfNoneMatch.Add(whole.Headers.ETag!));

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(bytes[300_000..300_100], await part.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);

        async Task<HttpResponseMessage> Ask(Action<HttpRequestMessage> with)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(PathOf(room.Id, file.Id), UriKind.Relative));
            with(request);
            return await alice.Http.SendAsync(request);
        }
    }

    [Theory]
    [InlineData("page.html", "text/html", "<html><script>alert(1)</script></html>")]
    [InlineData("image.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")]
    [InlineData("script.js", "text/javascript", "alert(1)")]
    public async Task What_a_browser_could_run_is_only_ever_a_download(string name, string type, string text)
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        var room = await alice.RoomAsync();
        var file = await UploadAsync(alice, room.Id, System.Text.Encoding.UTF8.GetBytes(text), name, type);

        using var answer = await alice.GetAsync(PathOf(room.Id, file.Id));

        Assert.Equal("application/octet-stream", file.ContentType);
        Assert.Equal(("application/octet-stream", "attachment"), (answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentDisposition!.DispositionType));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task What_breaks_a_rule_of_uploading_is_refused()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        var room = await alice.RoomAsync();
        var other = await alice.RoomAsync("Other");

        await Post(alice, room.Id, [], "x", "1").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.FileEmpty);
        await Post(alice, room.Id, [1], " ", "2").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidFileName);
        await Post(alice, room.Id, [1], new string('x', Limits.FileNameMax + 1), "3").RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidFileName);
        await Post(alice, room.Id, [1], "x", new string('x', Limits.ClientIdMax + 1)).RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.InvalidClientId);
        await Post(alice, room.Id, "<svg/>"u8.ToArray(), "x.png", "4", "image/png").RefusedAsync(HttpStatusCode.UnsupportedMediaType, ErrorCodes.FileTypeRefused);
        await Post(alice, room.Id, new byte[Limits.FileBytes + 1], "x", "5").RefusedAsync(HttpStatusCode.RequestEntityTooLarge, ErrorCodes.FileTooLarge);
        await Post(alice, room.Id, new byte[Limits.FileBytes + 1], "x", "6", chunked: true).RefusedAsync(HttpStatusCode.RequestEntityTooLarge, ErrorCodes.FileTooLarge);
        await Post(alice, room.Id, new byte[Limits.FileBytes], "x", "7").SucceedsAsync(HttpStatusCode.OK);
        await Post(alice, other.Id, [1], "x", "7").RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.ClientIdReused);
        using var foreign = Request(room.Id, [1], "x", "8");
        foreign.Headers.Add("Origin", "https://evil.example");
        await alice.Http.SendAsync(foreign).RefusedAsync(HttpStatusCode.Forbidden, ErrorCodes.OriginNotAllowed);
    }

    [Fact]
    public async Task The_same_upload_again_is_the_same_file_and_too_many_at_once_are_slowed_down()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        var room = await alice.RoomAsync();
        var first = await UploadAsync(alice, room.Id, [1, 2, 3], "a", clientId: "same");

        for (var i = 0; i < Limits.UploadBurst + 5; i++)
        {
            Assert.Equal(first, await UploadAsync(alice, room.Id, [1, 2, 3], "a", clientId: "same"));
        }

        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < Limits.UploadBurst + 1; i++)
        {
            using var answer = await Post(alice, room.Id, [1], "x", $"n{i}");
            answers.Add(answer.StatusCode);
        }

        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
    }

    [Fact]
    public async Task A_message_takes_only_files_that_its_sender_uploaded_to_its_room_and_each_once()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(members: bob);
        var other = await alice.RoomAsync("Other");
        var file = await UploadAsync(alice, room.Id, [1], "a");

        await Send(bob, room.Id, file.Id).RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.UnknownFile);
        await Send(alice, other.Id, file.Id).RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.UnknownFile);
        await Send(alice, room.Id, FileId.For(alice.Name, "never")).RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.UnknownFile);
        await Send(alice, room.Id, "nonsense").RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.UnknownFile);
        await Send(alice, room.Id, [.. Enumerable.Range(0, Limits.AttachmentsMax + 1).Select(i => FileId.For("a", $"{i}"))])
            .RefusedAsync(HttpStatusCode.BadRequest, ErrorCodes.TooManyFiles);
        var sent = await SendAsync(alice, room.Id, "once", file.Id);
        await Send(alice, room.Id, file.Id).RefusedAsync(HttpStatusCode.Conflict, ErrorCodes.UnknownFile);
        Assert.Equal([file], sent.Attachments!);

        static Task<HttpResponseMessage> Send(TestUser user, string roomId, params string[] ids) =>
            user.PostAsync($"/api/rooms/{roomId}/messages", new PostMessageRequest("x", Attachments: ids));
    }

    [Fact]
    public async Task A_deleted_messages_files_and_a_deleted_accounts_files_are_gone()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(members: bob);
        var first = await UploadAsync(alice, room.Id, [1], "a");
        var second = await UploadAsync(alice, room.Id, [2], "b");
        var message = await SendAsync(alice, room.Id, "one", first.Id);
        await SendAsync(alice, room.Id, "two", second.Id);

        await alice.DeleteAsync($"/api/rooms/{room.Id}/messages/{message.Id}").SucceedsAsync(HttpStatusCode.NoContent);

        await Servers.Eventually.AsyncTrue(async () => await StatusAsync(first) == HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(second));
        Assert.Null((await bob.HistoryAsync(room.Id)).Messages.Single(m => m.Id == message.Id).Attachments);
        await alice.SendAsync(HttpMethod.Delete, "/api/auth/me", new DeleteAccountRequest(TestUser.Password)).SucceedsAsync(HttpStatusCode.NoContent);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(second));

        async Task<HttpStatusCode> StatusAsync(Attachment file)
        {
            using var answer = await bob.GetAsync(PathOf(room.Id, file.Id));
            return answer.StatusCode;
        }
    }

    private static string PathOf(string roomId, string fileId) => $"/api/rooms/{roomId}/files/{fileId}";

    private static HttpRequestMessage Request(
        string roomId, byte[] bytes, string name, string clientId, string type = "application/octet-stream", bool chunked = false)
    {
        HttpContent content = chunked ? new StreamContent(new MemoryStream(bytes)) : new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        var path = $"/api/rooms/{roomId}/files?clientId={Uri.EscapeDataString(clientId)}&name={Uri.EscapeDataString(name)}";
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = content };
        request.Headers.TransferEncodingChunked = chunked ? true : null;
        return request;
    }

    private static async Task<HttpResponseMessage> Post(
        TestUser user, string roomId, byte[] bytes, string name, string clientId, string type = "application/octet-stream", bool chunked = false)
    {
        using var request = Request(roomId, bytes, name, clientId, type, chunked);
        return await user.Http.SendAsync(request);
    }

    private static async Task<Attachment> UploadAsync(
        TestUser user, string roomId, byte[] bytes, string name, string type = "application/octet-stream", string? clientId = null)
    {
        using var answer = await Post(user, roomId, bytes, name, clientId ?? Guid.NewGuid().ToString("N"), type);
        return await answer.ReadAsync<Attachment>(HttpStatusCode.OK);
    }

    private static async Task<Message> SendAsync(TestUser user, string roomId, string content, params string[] ids)
    {
        using var answer = await user.PostAsync($"/api/rooms/{roomId}/messages", new PostMessageRequest(content, Attachments: ids));
        return await answer.ReadAsync<Message>(HttpStatusCode.Created);
    }
}
