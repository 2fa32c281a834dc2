using Chat.Api.Auth;
using Chat.Api.Presence;
using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Backends.Pods;
using Chat.Backends.Rooms;
using Chat.Backends.Users;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.Rooms;

/// <summary><c>/api/rooms/{id}/members</c> and invitations.</summary>
internal static class MemberEndpoints
{
    public static void MapMembers(this RouteGroupBuilder group)
    {
        group.MapGet("/{id}/members", List);
        group.MapPost("/{id}/members", Add);
        group.MapPatch("/{id}/members/{username}", Update);
        group.MapDelete("/{id}/members/{username}", Remove);
        group.MapPost("/{id}/invites", Invite);
        group.MapDelete("/{id}/invites", RevokeInvites);
    }

    public static void MapInvites(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/api/invites/{token}", Accept).WithTags("Rooms").RequireAuthorization();

    private static async Task<Results<Ok<IReadOnlyList<RoomMember>>, ProblemHttpResult>> List(
        string id, IRoomStore rooms, IUserDirectory users, RoomAccess access, Online online, HttpContext context, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(id) || await access.FindAsync(id, context.User.Username(), cancellationToken) is null)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        var members = await rooms.MembersOfAsync(id, cancellationToken);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var some in members.Select(m => m.Username).Chunk(200))
        {
            foreach (var user in await users.FindManyAsync(some, cancellationToken))
            {
                names[user.Username] = user.DisplayName;
            }
        }

        return TypedResults.Ok<IReadOnlyList<RoomMember>>(
        [
            .. members.Select(m => new RoomMember(
                m.Username,
                names.GetValueOrDefault(m.Username, m.Username),
                m.Role,
                online.IsOnline(m.Username),
                m.ReadUpTo?.Id,
                m.ReadUpTo?.Timestamp)),
        ]);
    }

    private static async Task<Results<Ok<RoomSummary>, ProblemHttpResult>> Add(
        string id, AddMemberRequest? request, RoomJoining joining, RoomSummaries summaries, HttpContext context, CancellationToken cancellationToken)
    {
        var caller = context.User.Username();
        var outcome = request?.Username is { } other && UserAccounts.Normalize(other) != caller
            ? await joining.AddOtherAsync(id, caller, UserAccounts.Normalize(other), cancellationToken)
            : await joining.JoinAsync(id, caller, cancellationToken);
        return outcome.Refusal is { } refusal
            ? refusal.ToProblem()
            : TypedResults.Ok(await summaries.OneAsync(outcome.Value, caller, cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Update(
        string id,
        string username,
        UpdateMemberRequest? request,
        IRoomStore rooms,
        RoomAccess access,
        PodBridge bridge,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var caller = context.User.Username();
        if (request is null)
        {
            return Refuse.InvalidRequest.ToProblem();
        }

        if (!RoomIds.IsWellFormed(id) || await access.FindAsync(id, caller, cancellationToken) is not { } own)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        if (request.Muted is not null && username != caller)
        {
            return Refuse.Forbidden("Only oneself mutes a room for oneself.").ToProblem();
        }

        if (request.Role is { } role)
        {
            if (own.Room.Kind == RoomKind.Direct)
            {
                return Refuse.DirectRoomFixed.ToProblem();
            }

            if (own.Membership.Role != MemberRole.Owner)
            {
                return Refuse.Forbidden("Only an owner gives roles.").ToProblem();
            }

            var members = await rooms.MembersOfAsync(id, cancellationToken);
            if (role != MemberRole.Owner && members.Where(m => m.Role == MemberRole.Owner).All(m => m.Username == username))
            {
                return Refuse.LastOwner.ToProblem();
            }
        }

        if (await rooms.UpdateMemberAsync(id, username, request.Role, request.Muted, cancellationToken) is null)
        {
            return Refuse.UserNotFound.ToProblem();
        }

        // Muting is nobody else's business.
        await bridge.PublishAsync(new MembershipChanged(id, username, IsMember: true, IsPrivate: request.Role is null), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(
        string id, string username, RoomLeaving leaving, HttpContext context, CancellationToken cancellationToken)
    {
        var refusal = RoomIds.IsWellFormed(id)
            ? await leaving.RemoveAsync(id, context.User.Username(), username, cancellationToken)
            : Refuse.RoomNotFound;
        return refusal is null ? TypedResults.NoContent() : refusal.ToProblem();
    }

    private static async Task<Results<Created<RoomInvite>, ProblemHttpResult>> Invite(
        string id, IRoomStore rooms, RoomAccess access, RoomInvites invites, HttpContext context, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(id) || await access.FindAsync(id, context.User.Username(), cancellationToken) is not { } own)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        if (own.Room.Kind == RoomKind.Direct)
        {
            return Refuse.DirectRoomFixed.ToProblem();
        }

        // What access remembers may be of before invitations were taken back.
        if (await rooms.FindAsync(id, cancellationToken) is not { } room)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        var invite = invites.Create(room);
        return TypedResults.Created($"/api/invites/{invite.Token}", invite);
    }

    /// <summary>Every link made so far; a new one can be made at once.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeInvites(
        string id, IRoomStore rooms, RoomAccess access, HttpContext context, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(id) || await access.FindAsync(id, context.User.Username(), cancellationToken) is not { } own)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        if (own.Membership.Role is not (MemberRole.Owner or MemberRole.Moderator))
        {
            return Refuse.Forbidden("Only owners and moderators take invitations back.").ToProblem();
        }

        await rooms.UpdateAsync(id, new RoomUpdate { RevokeInvites = true }, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<RoomSummary>, ProblemHttpResult>> Accept(
        string token, RoomInvites invites, RoomJoining joining, RoomSummaries summaries, HttpContext context, CancellationToken cancellationToken)
    {
        if (invites.Read(token) is not { } invite)
        {
            return Refuse.InviteNotFound.ToProblem();
        }

        var caller = context.User.Username();
        var outcome = await joining.AcceptAsync(invite.RoomId, invite.Round, caller, cancellationToken);
        return outcome.Refusal is { } refusal
            ? refusal.ToProblem()
            : TypedResults.Ok(await summaries.OneAsync(outcome.Value, caller, cancellationToken));
    }
}
