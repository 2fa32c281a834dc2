using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

/// <summary>The HTTP calls of one user to the fake server.</summary>
internal sealed class FakeApi(FakeServer server, string username) : IChatApi
{
    public static ApiException Refused(string code, int status) => new(code, status);

    public static SendReceipt Send(FakeServer server, string username, SendMessage message)
    {
        if (server.Refuse.Times > 0)
        {
            server.Refuse = server.Refuse with { Times = server.Refuse.Times - 1 };
            throw Refused(server.Refuse.Code, 0);
        }

        var receipt = server.Store(username, message);
        if (server.LostAcknowledgements > 0)
        {
            server.LostAcknowledgements--;
            throw new ApiException(ApiException.Unreachable, 0);
        }

        return receipt;
    }

    public static void Edit(FakeServer server, string username, EditMessage edit)
    {
        Check(server, username, edit.RoomId, edit.Id);
        server.Change(new MessageEdited
        {
            RoomId = edit.RoomId,
            Id = edit.Id,
            Username = username,
            At = server.Sim.Time.GetUtcNow(),
            Content = edit.Content,
            EditId = server.Sim.NewId(),
        });
    }

    public static void Delete(FakeServer server, string username, DeleteMessage delete)
    {
        Check(server, username, delete.RoomId, delete.Id);
        server.Change(new MessageDeleted { RoomId = delete.RoomId, Id = delete.Id, Username = username, At = server.Sim.Time.GetUtcNow() });
    }

    public static void React(FakeServer server, string username, React reaction)
    {
        Check(server, username, reaction.RoomId, reaction.Id);
        server.Change(new ReactionChanged
        {
            RoomId = reaction.RoomId,
            Id = reaction.Id,
            Username = username,
            At = server.Sim.Time.GetUtcNow(),
            Emoji = reaction.Emoji,
            On = reaction.On,
        });
    }

    public async Task<Me> MeAsync(CancellationToken cancellationToken) => await AnswerAsync(() => new Me(username, username));

    public async Task<Me> UpdateMeAsync(UpdateMeRequest request, CancellationToken cancellationToken) =>
        await AnswerAsync(() => new Me(username, request.DisplayName));

    public async Task SignOutAsync(CancellationToken cancellationToken) => await AnswerAsync(() => server.SignedOut = true);

    public async Task<IReadOnlyList<RoomSummary>> RoomsAsync(CancellationToken cancellationToken)
    {
        var rooms = await AnswerAsync(() =>
        {
            server.RoomCalls++;
            return server.RoomsOf(username);
        });
        await Task.Delay(server.RoomsTake, server.Sim.Time, cancellationToken);
        return rooms;
    }

    public async Task<RoomSummary> RoomAsync(string roomId, CancellationToken cancellationToken) =>
        await AnswerAsync(() => server.RoomFor(username, roomId).SummaryFor(username));

    public async Task<MessagePage> MessagesAsync(
        string roomId, HistoryKey? before, HistoryKey? after, int limit, CancellationToken cancellationToken)
    {
        var page = await AnswerAsync(() => server.Page(username, roomId, before, after, limit));
        await Task.Delay(server.PagesTake * server.Sim.Random.NextDouble(), server.Sim.Time, cancellationToken);
        return page;
    }

    public async Task<ChangePage> ChangesAsync(string roomId, string epoch, long since, CancellationToken cancellationToken)
    {
        var page = await AnswerAsync(() => server.Changes(username, roomId, epoch, since));
        await Task.Delay(server.PagesTake * server.Sim.Random.NextDouble(), server.Sim.Time, cancellationToken);
        return page;
    }

    public async Task<MessagePage> MessagesBeforeAsync(string roomId, string messageId, int limit, CancellationToken cancellationToken) =>
        await AnswerAsync(() => server.Page(
            username,
            roomId,
            server.RoomFor(username, roomId).Find(messageId) is { } message ? HistoryKey.Of(message) : throw Refused(ErrorCodes.InvalidCursor, 400),
            null,
            limit));

    public async Task<Message> MessageAsync(string roomId, string messageId, CancellationToken cancellationToken) => await AnswerAsync(() =>
    {
        server.MessageCalls.Add(messageId);
        return server.RoomFor(username, roomId).Find(messageId) ?? throw Refused(ErrorCodes.MessageNotFound, 404);
    });

    public async Task<Message> PostMessageAsync(string roomId, PostMessageRequest request, CancellationToken cancellationToken) => await AnswerAsync(() =>
    {
        var receipt = Send(server, username, new SendMessage(roomId, request.Content ?? "", request.ClientId!, request.ReplyTo, request.Attachments));
        return server[roomId].Find(receipt.Id)!;
    });

    public async Task EditMessageAsync(string roomId, string messageId, EditContentRequest request, CancellationToken cancellationToken) =>
        await AnswerAsync(() => Edit(server, username, new EditMessage(roomId, messageId, request.Content)));

    public async Task DeleteMessageAsync(string roomId, string messageId, CancellationToken cancellationToken) =>
        await AnswerAsync(() => Delete(server, username, new DeleteMessage(roomId, messageId)));

    public async Task ReactAsync(string roomId, string messageId, string emoji, bool on, CancellationToken cancellationToken) =>
        await AnswerAsync(() => React(server, username, new React(roomId, messageId, emoji, on)));

    public async Task MarkReadAsync(string roomId, ReadRequest request, CancellationToken cancellationToken) =>
        await AnswerAsync(() => server.Read(username, roomId, request.MessageId));

    public async Task<IReadOnlyList<RoomMember>> MembersAsync(string roomId, CancellationToken cancellationToken) => await AnswerAsync(
        () => (IReadOnlyList<RoomMember>)[.. server.RoomFor(username, roomId).Members.Select(server[roomId].Member)]);

    public Task ChangePasswordAsync(ChangePasswordRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<SessionInfo>> SessionsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task EndSessionAsync(string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<RoomSummary>> PublicRoomsAsync(string? query, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RoomSummary> CreateRoomAsync(CreateRoomRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task UpdateRoomAsync(string roomId, UpdateRoomRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task AddMemberAsync(string roomId, AddMemberRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task UpdateMemberAsync(string roomId, string username, UpdateMemberRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RoomSummary> DirectRoomAsync(DirectRoomRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<SearchPage> SearchAsync(string query, string? roomId, string? from, HistoryKey? before, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public async Task<IReadOnlyList<UserInfo>> UsersAsync(string query, CancellationToken cancellationToken) => await AnswerAsync(() =>
    {
        server.UserCalls.Add(query);
        return (IReadOnlyList<UserInfo>)[.. server.People.Where(p => p.Username.StartsWith(query, StringComparison.Ordinal))];
    });

    public Task DeleteAccountAsync(DeleteAccountRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RoomInvite> CreateInviteAsync(string roomId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RevokeInvitesAsync(string roomId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RoomSummary> AcceptInviteAsync(string token, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ReportSpansAsync(BrowserSpanReport report, CancellationToken cancellationToken)
    {
        Assert.Null(System.Diagnostics.Activity.Current);
        server.Reports.Add(report);
        return server.TakesSpans ? Task.CompletedTask : Task.FromException(Refused(ErrorCodes.NotFound, 404));
    }

    private static void Check(FakeServer server, string username, string roomId, string messageId)
    {
        if (server.RoomFor(username, roomId).Find(messageId) is null)
        {
            throw Refused(ErrorCodes.MessageNotFound, 404);
        }
    }

    private Task<bool> AnswerAsync(Action answer) => AnswerAsync(() =>
    {
        answer();
        return true;
    });

    private async Task<T> AnswerAsync<T>(Func<T> answer)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(10 + server.Sim.Random.Next(40)), server.Sim.Time);
        if (server.Unreachable)
        {
            throw new ApiException(ApiException.Unreachable, 0);
        }

        return server.SignedOut ? throw new ApiException(ErrorCodes.NotSignedIn, 401) : answer();
    }
}
