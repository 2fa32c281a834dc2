using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>Rooms, their people, and search.</summary>
public sealed partial class ChatActions
{
    /// <summary>Public rooms to join, those of the user included.</summary>
    public Task<Outcome<IReadOnlyList<RoomSummary>>> PublicRoomsAsync(string? query = null, CancellationToken cancellationToken = default) =>
        AskAsync(() => api.PublicRoomsAsync(query, cancellationToken));

    public Task<Outcome<RoomSummary>> CreateRoomAsync(CreateRoomRequest request, CancellationToken cancellationToken = default) =>
        AskAsync(async () => store.SetRoom(await api.CreateRoomAsync(request, cancellationToken)).Summary);

    /// <summary>The one direct room of these people and the user.</summary>
    public Task<Outcome<RoomSummary>> DirectRoomAsync(IReadOnlyList<string> usernames, CancellationToken cancellationToken = default) =>
        AskAsync(async () => store.SetRoom(await api.DirectRoomAsync(new DirectRoomRequest(usernames), cancellationToken)).Summary);

    public Task<Outcome> JoinAsync(string roomId, CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        await api.AddMemberAsync(roomId, new AddMemberRequest(), cancellationToken);
        store.SetRoom(await api.RoomAsync(roomId, cancellationToken));
    });

    public Task<Outcome> LeaveAsync(string roomId, CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        await api.RemoveMemberAsync(roomId, store.Me?.Username ?? "", cancellationToken);
        store.RemoveRoom(roomId);
    });

    public Task<Outcome> InviteAsync(string roomId, string username, CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        await api.AddMemberAsync(roomId, new AddMemberRequest(username), cancellationToken);
        await ReadMembersAsync(roomId, cancellationToken);
    });

    /// <summary>A link that lets whoever has it join.</summary>
    public Task<Outcome<RoomInvite>> CreateInviteAsync(string roomId, CancellationToken cancellationToken = default) =>
        AskAsync(() => api.CreateInviteAsync(roomId, cancellationToken));

    /// <summary>Every link made so far lets nobody in any more.</summary>
    public Task<Outcome> RevokeInvitesAsync(string roomId, CancellationToken cancellationToken = default) =>
        AskAsync(() => api.RevokeInvitesAsync(roomId, cancellationToken));

    /// <summary>Joins the room of an invite's link.</summary>
    public Task<Outcome<RoomSummary>> AcceptInviteAsync(string token, CancellationToken cancellationToken = default) =>
        AskAsync(async () => store.SetRoom(await api.AcceptInviteAsync(token, cancellationToken)).Summary);

    public Task<Outcome> RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        await api.RemoveMemberAsync(roomId, username, cancellationToken);
        await ReadMembersAsync(roomId, cancellationToken);
    });

    public Task<Outcome> SetRoleAsync(string roomId, string username, MemberRole role, CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        await api.UpdateMemberAsync(roomId, username, new UpdateMemberRequest(Role: role), cancellationToken);
        await ReadMembersAsync(roomId, cancellationToken);
    });

    public Task<Outcome> RenameAsync(string roomId, string name, CancellationToken cancellationToken = default) =>
        UpdateAsync(roomId, new UpdateRoomRequest(Name: name), cancellationToken);

    /// <summary>An empty topic removes it.</summary>
    public Task<Outcome> SetTopicAsync(string roomId, string topic, CancellationToken cancellationToken = default) =>
        UpdateAsync(roomId, new UpdateRoomRequest(Topic: topic), cancellationToken);

    public Task<Outcome> SetArchivedAsync(string roomId, bool archived, CancellationToken cancellationToken = default) =>
        UpdateAsync(roomId, new UpdateRoomRequest(Archived: archived), cancellationToken);

    public Task<Outcome> SetMutedAsync(string roomId, bool muted, CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        await api.UpdateMemberAsync(roomId, store.Me?.Username ?? "", new UpdateMemberRequest(Muted: muted), cancellationToken);
        store.Room(roomId)?.SetMuted(muted);
    });

    /// <summary>Reads who belongs to the room, into <see cref="RoomState.Members"/>.</summary>
    public Task<Outcome> LoadMembersAsync(string roomId, CancellationToken cancellationToken = default) =>
        AskAsync(() => ReadMembersAsync(roomId, cancellationToken));

    /// <summary>Newest first; <paramref name="before"/> is the last message of the page before.</summary>
    public Task<Outcome<SearchPage>> SearchAsync(
        string query, string? roomId = null, string? from = null, Message? before = null, CancellationToken cancellationToken = default) =>
        AskAsync(() => api.SearchAsync(query, roomId, from, before is null ? null : HistoryKey.Of(before), cancellationToken));

    public Task<Outcome<IReadOnlyList<UserInfo>>> UsersAsync(string query, CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        var people = await api.UsersAsync(query, cancellationToken);
        foreach (var person in people)
        {
            store.People.Learn(person);
        }

        return people;
    });

    private async Task ReadMembersAsync(string roomId, CancellationToken cancellationToken)
    {
        var members = await api.MembersAsync(roomId, cancellationToken);
        foreach (var member in members)
        {
            store.People.Learn(new UserInfo(member.Username, member.DisplayName, member.Online));
        }

        store.Room(roomId)?.SetMembers(members);
    }

    private Task<Outcome> UpdateAsync(string roomId, UpdateRoomRequest request, CancellationToken cancellationToken) => AskAsync(async () =>
    {
        await api.UpdateRoomAsync(roomId, request, cancellationToken);
        store.SetRoom(await api.RoomAsync(roomId, cancellationToken));
    });
}
