using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Web.Client.Connection;

/// <summary>The calls, in the order of the contract.</summary>
public sealed partial class ApiClient : IChatApi
{
    public Task<Me> MeAsync(CancellationToken cancellationToken) => GetAsync("api/auth/me", json.Me, cancellationToken);

    public Task<Me> UpdateMeAsync(UpdateMeRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, "api/auth/me", request, json.UpdateMeRequest, json.Me, cancellationToken);

    public Task SignOutAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, "api/auth/logout", cancellationToken);

    public Task ChangePasswordAsync(ChangePasswordRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "api/auth/password", request, json.ChangePasswordRequest, cancellationToken);

    public Task<IReadOnlyList<SessionInfo>> SessionsAsync(CancellationToken cancellationToken) =>
        GetAsync("api/auth/sessions", json.IReadOnlyListSessionInfo, cancellationToken);

    public Task EndSessionAsync(string id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"api/auth/sessions/{Escape(id)}", cancellationToken);

    public Task<IReadOnlyList<RoomSummary>> RoomsAsync(CancellationToken cancellationToken) =>
        GetAsync("api/rooms", json.IReadOnlyListRoomSummary, cancellationToken);

    public Task<IReadOnlyList<RoomSummary>> PublicRoomsAsync(string? query, CancellationToken cancellationToken) =>
        GetAsync($"api/rooms?scope=public{(string.IsNullOrWhiteSpace(query) ? "" : $"&q={Escape(query)}")}", json.IReadOnlyListRoomSummary, cancellationToken);

    public Task<RoomSummary> CreateRoomAsync(CreateRoomRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "api/rooms", request, json.CreateRoomRequest, json.RoomSummary, cancellationToken);

    public Task<RoomSummary> RoomAsync(string roomId, CancellationToken cancellationToken) =>
        GetAsync($"api/rooms/{Escape(roomId)}", json.RoomSummary, cancellationToken);

    public Task UpdateRoomAsync(string roomId, UpdateRoomRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"api/rooms/{Escape(roomId)}", request, json.UpdateRoomRequest, cancellationToken);

    public Task<IReadOnlyList<RoomMember>> MembersAsync(string roomId, CancellationToken cancellationToken) =>
        GetAsync($"api/rooms/{Escape(roomId)}/members", json.IReadOnlyListRoomMember, cancellationToken);

    public Task AddMemberAsync(string roomId, AddMemberRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"api/rooms/{Escape(roomId)}/members", request, json.AddMemberRequest, cancellationToken);

    public Task UpdateMemberAsync(string roomId, string username, UpdateMemberRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"api/rooms/{Escape(roomId)}/members/{Escape(username)}", request, json.UpdateMemberRequest, cancellationToken);

    public Task RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"api/rooms/{Escape(roomId)}/members/{Escape(username)}", cancellationToken);

    public Task<RoomSummary> DirectRoomAsync(DirectRoomRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "api/direct", request, json.DirectRoomRequest, json.RoomSummary, cancellationToken);

    public Task<MessagePage> MessagesAsync(
        string roomId, HistoryKey? before, HistoryKey? after, int limit, CancellationToken cancellationToken) =>
        GetAsync(
            $"api/rooms/{Escape(roomId)}/messages?limit={limit}{(before is { } b ? $"&before={b}" : "")}{(after is { } a ? $"&after={a}" : "")}",
            json.MessagePage,
            cancellationToken);

    public Task<MessagePage> MessagesBeforeAsync(string roomId, string messageId, int limit, CancellationToken cancellationToken) =>
        GetAsync($"api/rooms/{Escape(roomId)}/messages?limit={limit}&before={Escape(messageId)}", json.MessagePage, cancellationToken);

    public Task<Message> MessageAsync(string roomId, string messageId, CancellationToken cancellationToken) =>
        GetAsync(MessagePath(roomId, messageId), json.Message, cancellationToken);

    public Task<ChangePage> ChangesAsync(string roomId, string epoch, long since, CancellationToken cancellationToken) =>
        GetAsync($"api/rooms/{Escape(roomId)}/changes?epoch={Escape(epoch)}&since={since}", json.ChangePage, cancellationToken);

    public Task<Message> PostMessageAsync(string roomId, PostMessageRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"api/rooms/{Escape(roomId)}/messages", request, json.PostMessageRequest, json.Message, cancellationToken);

    public Task EditMessageAsync(string roomId, string messageId, EditContentRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, MessagePath(roomId, messageId), request, json.EditContentRequest, cancellationToken);

    public Task DeleteMessageAsync(string roomId, string messageId, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, MessagePath(roomId, messageId), cancellationToken);

    public Task ReactAsync(string roomId, string messageId, string emoji, bool on, CancellationToken cancellationToken) =>
        SendAsync(on ? HttpMethod.Put : HttpMethod.Delete, $"{MessagePath(roomId, messageId)}/reactions/{Escape(emoji)}", cancellationToken);

    public Task MarkReadAsync(string roomId, ReadRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"api/rooms/{Escape(roomId)}/read", request, json.ReadRequest, cancellationToken);

    public Task<SearchPage> SearchAsync(
        string query, string? roomId, string? from, HistoryKey? before, CancellationToken cancellationToken) =>
        GetAsync(
            $"api/search?q={Escape(query)}{(roomId is null ? "" : $"&room={Escape(roomId)}")}{(from is null ? "" : $"&from={Escape(from)}")}{(before is { } b ? $"&before={b}" : "")}",
            json.SearchPage,
            cancellationToken);

    public Task<IReadOnlyList<UserInfo>> UsersAsync(string query, CancellationToken cancellationToken) =>
        GetAsync($"api/users?q={Escape(query)}", json.IReadOnlyListUserInfo, cancellationToken);

    public Task DeleteAccountAsync(DeleteAccountRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, "api/auth/me", request, json.DeleteAccountRequest, cancellationToken);

    public Task<RoomInvite> CreateInviteAsync(string roomId, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, $"api/rooms/{Escape(roomId)}/invites"), json.RoomInvite, cancellationToken);

    public Task RevokeInvitesAsync(string roomId, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"api/rooms/{Escape(roomId)}/invites", cancellationToken);

    public Task<RoomSummary> AcceptInviteAsync(string token, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, $"api/invites/{Escape(token)}"), json.RoomSummary, cancellationToken);

    public Task ReportSpansAsync(BrowserSpanReport report, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "api/telemetry/spans", report, json.BrowserSpanReport, cancellationToken);

    private static string MessagePath(string roomId, string messageId) => $"api/rooms/{Escape(roomId)}/messages/{Escape(messageId)}";
}
