using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Web.Client.Connection;

/// <summary>
/// The contract's HTTP calls as the client core uses them. All throw <see cref="ApiException"/> on refusal and where no
/// server answers. Repeating any of them is harmless; messages are posted with a client id.
/// </summary>
public interface IChatApi
{
    Task<Me> MeAsync(CancellationToken cancellationToken);

    Task<Me> UpdateMeAsync(UpdateMeRequest request, CancellationToken cancellationToken);

    Task SignOutAsync(CancellationToken cancellationToken);

    Task ChangePasswordAsync(ChangePasswordRequest request, CancellationToken cancellationToken);

    Task<IReadOnlyList<SessionInfo>> SessionsAsync(CancellationToken cancellationToken);

    Task EndSessionAsync(string id, CancellationToken cancellationToken);

    Task<IReadOnlyList<RoomSummary>> RoomsAsync(CancellationToken cancellationToken);

    Task<IReadOnlyList<RoomSummary>> PublicRoomsAsync(string? query, CancellationToken cancellationToken);

    Task<RoomSummary> CreateRoomAsync(CreateRoomRequest request, CancellationToken cancellationToken);

    Task<RoomSummary> RoomAsync(string roomId, CancellationToken cancellationToken);

    Task UpdateRoomAsync(string roomId, UpdateRoomRequest request, CancellationToken cancellationToken);

    Task<IReadOnlyList<RoomMember>> MembersAsync(string roomId, CancellationToken cancellationToken);

    Task AddMemberAsync(string roomId, AddMemberRequest request, CancellationToken cancellationToken);

    Task UpdateMemberAsync(string roomId, string username, UpdateMemberRequest request, CancellationToken cancellationToken);

    Task RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken);

    Task<RoomSummary> DirectRoomAsync(DirectRoomRequest request, CancellationToken cancellationToken);

    /// <summary>Strictly between the cursors; without any the newest page.</summary>
    Task<MessagePage> MessagesAsync(string roomId, HistoryKey? before, HistoryKey? after, int limit, CancellationToken cancellationToken);

    /// <summary>What comes before a message of which only the id is known; refused with <c>message_not_found</c> or <c>invalid_cursor</c> when there is none.</summary>
    Task<MessagePage> MessagesBeforeAsync(string roomId, string messageId, int limit, CancellationToken cancellationToken);

    /// <summary>One message; refused with <c>message_not_found</c>, or <c>unavailable</c> while a store that may have it is away.</summary>
    Task<Message> MessageAsync(string roomId, string messageId, CancellationToken cancellationToken);

    /// <summary>
    /// What was changed after a number of an epoch; refused with <c>not_found</c> by a server of a version without numbers for changes.
    /// </summary>
    Task<ChangePage> ChangesAsync(string roomId, string epoch, long since, CancellationToken cancellationToken);

    Task<Message> PostMessageAsync(string roomId, PostMessageRequest request, CancellationToken cancellationToken);

    Task EditMessageAsync(string roomId, string messageId, EditContentRequest request, CancellationToken cancellationToken);

    Task DeleteMessageAsync(string roomId, string messageId, CancellationToken cancellationToken);

    Task ReactAsync(string roomId, string messageId, string emoji, bool on, CancellationToken cancellationToken);

    Task MarkReadAsync(string roomId, ReadRequest request, CancellationToken cancellationToken);

    Task<SearchPage> SearchAsync(string query, string? roomId, string? from, HistoryKey? before, CancellationToken cancellationToken);

    Task<IReadOnlyList<UserInfo>> UsersAsync(string query, CancellationToken cancellationToken);

    Task DeleteAccountAsync(DeleteAccountRequest request, CancellationToken cancellationToken);

    Task<RoomInvite> CreateInviteAsync(string roomId, CancellationToken cancellationToken);

    /// <summary>Takes back every invite of the room made so far; owners and moderators.</summary>
    Task RevokeInvitesAsync(string roomId, CancellationToken cancellationToken);

    /// <summary>Joins the room of the invite.</summary>
    Task<RoomSummary> AcceptInviteAsync(string token, CancellationToken cancellationToken);

    /// <summary>Refused with <c>not_found</c> where the server exports no traces.</summary>
    Task ReportSpansAsync(BrowserSpanReport report, CancellationToken cancellationToken);
}
