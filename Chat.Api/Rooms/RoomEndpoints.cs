using Chat.Api.Auth;
using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Backends.Pods;
using Chat.Backends.Rooms;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.Rooms;

/// <summary><c>/api/rooms</c> and <c>/api/direct</c>.</summary>
public static class RoomEndpoints
{
    public static IServiceCollection AddRooms(this IServiceCollection services)
    {
        services.AddSingleton<RoomAccess>();
        services.AddSingleton<RoomCreation>();
        services.AddSingleton<RoomJoining>();
        services.AddSingleton<RoomLeaving>();
        services.AddSingleton<RoomInvites>();
        services.AddSingleton<RoomSummaries>();
        services.AddHostedService<GeneralRoom>();
        return services;
    }

    public static RouteGroupBuilder MapRooms(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/api/direct", Direct).WithTags("Rooms").RequireAuthorization();
        var group = endpoints.MapGroup("/api/rooms").WithTags("Rooms").RequireAuthorization();
        group.MapGet("/", List);
        group.MapPost("/", Create);
        group.MapGet("/{id}", Get);
        group.MapPatch("/{id}", Update);
        group.MapDelete("/{id}", Archive);
        group.MapMembers();
        endpoints.MapInvites();
        return group;
    }

    private static async Task<Results<Ok<IReadOnlyList<RoomSummary>>, ProblemHttpResult>> List(
        string? scope,
        string? q,
        string? after,
        int? limit,
        IRoomStore rooms,
        RoomSummaries summaries,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var username = context.User.Username();
        if (scope is null)
        {
            return TypedResults.Ok(await summaries.OfAsync(username, cancellationToken));
        }

        if (scope != "public" || q?.Length > Limits.SearchQueryMax)
        {
            return Refuse.InvalidQuery.ToProblem();
        }

        if (limit is < 1 or > Limits.PageMax)
        {
            return Refuse.InvalidLimit.ToProblem();
        }

        var prefix = string.IsNullOrWhiteSpace(q) ? null : q.Trim().ToLowerInvariant();
        var found = await rooms.ListPublicAsync(prefix, after, limit ?? Limits.PageMax, cancellationToken);
        var counts = await rooms.CountMembersAsync([.. found.Select(r => r.Id)], cancellationToken);
        var own = (await rooms.MembershipsOfAsync(username, cancellationToken)).ToDictionary(m => m.RoomId, StringComparer.Ordinal);
        return TypedResults.Ok<IReadOnlyList<RoomSummary>>(
            [.. found.Select(r => RoomSummaries.Summary(r, own.GetValueOrDefault(r.Id), counts.GetValueOrDefault(r.Id)))]);
    }

    private static async Task<Results<Created<RoomSummary>, ProblemHttpResult>> Create(
        CreateRoomRequest? request, RoomCreation creation, RoomSummaries summaries, HttpContext context, CancellationToken cancellationToken)
    {
        var username = context.User.Username();
        var outcome = await creation.CreateAsync(request, username, cancellationToken);
        return outcome.Refusal is { } refusal
            ? refusal.ToProblem()
            : TypedResults.Created($"/api/rooms/{outcome.Value.Id}", await summaries.OneAsync(outcome.Value, username, cancellationToken));
    }

    /// <summary>Answers 201 the first time and 200 later.</summary>
    private static async Task<Results<Created<RoomSummary>, Ok<RoomSummary>, ProblemHttpResult>> Direct(
        DirectRoomRequest? request, RoomCreation creation, RoomSummaries summaries, HttpContext context, CancellationToken cancellationToken)
    {
        var username = context.User.Username();
        var outcome = await creation.DirectAsync(request, username, cancellationToken);
        if (outcome.Refusal is { } refusal)
        {
            return refusal.ToProblem();
        }

        var summary = await summaries.OneAsync(outcome.Value.Room, username, cancellationToken);
        return outcome.Value.Created ? TypedResults.Created($"/api/rooms/{summary.Id}", summary) : TypedResults.Ok(summary);
    }

    private static async Task<Results<Ok<RoomSummary>, ProblemHttpResult>> Get(
        string id, IRoomStore rooms, RoomAccess access, RoomSummaries summaries, HttpContext context, CancellationToken cancellationToken)
    {
        var username = context.User.Username();
        if (!RoomIds.IsWellFormed(id))
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        var room = (await access.FindAsync(id, username, cancellationToken))?.Room;
        room ??= await rooms.FindAsync(id, cancellationToken) is { Kind: RoomKind.Public } open ? open : null;
        return room is null ? Refuse.RoomNotFound.ToProblem() : TypedResults.Ok(await summaries.OneAsync(room, username, cancellationToken));
    }

    private static async Task<Results<Ok<RoomSummary>, ProblemHttpResult>> Update(
        string id,
        UpdateRoomRequest? request,
        IRoomStore rooms,
        RoomAccess access,
        RoomSummaries summaries,
        PodBridge bridge,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var username = context.User.Username();
        if (await MayChangeAsync(id, username, access, cancellationToken) is { } refusal)
        {
            return refusal.ToProblem();
        }

        var (name, topic) = (request?.Name?.Trim(), request?.Topic?.Trim());
        if ((request is null ? Refuse.InvalidRequest : RoomText.Complaint(name, topic)) is { } complaint)
        {
            return complaint.ToProblem();
        }

        var room = await ChangeAsync(id, new RoomUpdate(name, topic, request!.Archived, time.GetUtcNow()), rooms, bridge, cancellationToken);
        return room is null ? Refuse.RoomNotFound.ToProblem() : TypedResults.Ok(await summaries.OneAsync(room, username, cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Archive(
        string id, IRoomStore rooms, RoomAccess access, PodBridge bridge, TimeProvider time, HttpContext context, CancellationToken cancellationToken)
    {
        if (await MayChangeAsync(id, context.User.Username(), access, cancellationToken) is { } refusal)
        {
            return refusal.ToProblem();
        }

        await ChangeAsync(id, new RoomUpdate(Archived: true, At: time.GetUtcNow()), rooms, bridge, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Refusal?> MayChangeAsync(string id, string username, RoomAccess access, CancellationToken cancellationToken) =>
        !RoomIds.IsWellFormed(id) || await access.FindAsync(id, username, cancellationToken) is not { } own ? Refuse.RoomNotFound
        : own.Room.Kind == RoomKind.Direct ? Refuse.DirectRoomFixed
        : own.Membership.Role != MemberRole.Owner ? Refuse.Forbidden("Only an owner changes a room.")
        : null;

    private static async Task<Room?> ChangeAsync(
        string id, RoomUpdate update, IRoomStore rooms, PodBridge bridge, CancellationToken cancellationToken)
    {
        var room = await rooms.UpdateAsync(id, update, cancellationToken);
        if (room is not null)
        {
            var members = await rooms.CountMembersAsync([id], cancellationToken);
            await bridge.PublishAsync(new RoomWasChanged(Changed(room, members.GetValueOrDefault(id))), cancellationToken);
        }

        return room;
    }

    internal static RoomChanged Changed(Room room, int members) => new()
    {
        Id = room.Id,
        Name = room.Name,
        Kind = room.Kind,
        Topic = room.Topic,
        Archived = room.ArchivedAt is not null,
        MemberCount = members,
    };
}
