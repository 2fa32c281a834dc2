using Chat.Api.Auth;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.Messages;

/// <summary><c>/api/rooms/{id}/messages</c>: history for readers, and for scripts and bots the same as the hub does.</summary>
public static class MessageEndpoints
{
    public static IServiceCollection AddMessages(this IServiceCollection services)
    {
        services.AddSingleton<RoomClock>();
        services.AddSingleton<SendRateLimiter>();
        services.AddSingleton<SaveWatermark>();
        services.AddSingleton<SavedPages>();
        services.AddSingleton<LateMessages>();
        services.AddSingleton<SendsInFlight>();
        services.AddHostedService(s => s.GetRequiredService<SendsInFlight>());
        services.AddSingleton<Acceptance>();
        services.AddSingleton<MessageLookup>();
        services.AddSingleton<MessageSender>();
        services.AddSingleton<MessageChanger>();
        services.AddSingleton<ReadMarks>();
        services.AddSingleton<SharedReads>();
        services.AddSingleton<HistoryReader>();
        return services;
    }

    public static RouteGroupBuilder MapMessages(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api/rooms/{id}").WithTags("Messages").RequireAuthorization();
        group.MapGet("/messages", Read);
        group.MapPost("/messages", Send);
        group.MapGet("/messages/{messageId}", One);
        group.MapPatch("/messages/{messageId}", Edit);
        group.MapDelete("/messages/{messageId}", Delete);
        group.MapPut("/messages/{messageId}/reactions/{emoji}", React);
        group.MapDelete("/messages/{messageId}/reactions/{emoji}", Unreact);
        group.MapGet("/changes", Changes);
        group.MapPost("/read", MarkRead);
        return group;
    }

    private static async Task<Results<Ok<MessagePage>, ProblemHttpResult>> Read(
        string id, string? before, string? after, int? limit, HistoryReader history, RoomAccess access, HttpContext context, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(id) || await access.FindAsync(id, context.User.Username(), cancellationToken) is null)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        var outcome = await history.ReadAsync(id, before, after, limit, cancellationToken);
        return outcome.Refusal is { } refusal ? refusal.ToProblem() : TypedResults.Ok(outcome.Value);
    }

    /// <summary>For clients that know everything up to a number: what was edited, deleted and reacted to after it.</summary>
    private static async Task<Results<Ok<ChangePage>, ProblemHttpResult>> Changes(
        string id, string? epoch, long? since, SharedReads reads, RoomAccess access, HttpContext context,
        CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(id) || await access.FindAsync(id, context.User.Username(), cancellationToken) is null)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        if (since is null or < 0 || string.IsNullOrEmpty(epoch))
        {
            return Refuse.InvalidNumber.ToProblem();
        }

        var read = await reads.ReadChangesAsync(id, epoch, since.Value, cancellationToken);
        return TypedResults.Ok(read is null
            ? new ChangePage([], 0, "", Complete: false)
            : new ChangePage(read.IsComplete ? read.Changes : [], read.Seq, read.Epoch, read.IsComplete));
    }

    // What was begun is finished also when the caller goes away: no token of the request is passed on.
    private static async Task<Results<Created<Message>, ProblemHttpResult>> Send(
        string id, PostMessageRequest? request, MessageSender sender, HttpContext context)
    {
        if (request is null)
        {
            return Refuse.InvalidRequest.ToProblem();
        }

        var outcome = await sender.SendAsync(
            context.User.Username(),
            new SendMessage(
                id, request.Content ?? "", request.ClientId ?? Guid.CreateVersion7().ToString("N"), request.ReplyTo, request.Attachments, request.Attempt),
            CancellationToken.None);
        return outcome.Refusal is { } refusal
            ? refusal.ToProblem()
            : TypedResults.Created($"/api/rooms/{id}/messages/{outcome.Value.Id}", outcome.Value);
    }

    private static async Task<Results<Ok<Message>, ProblemHttpResult>> One(
        string id, string messageId, MessageLookup lookup, RoomAccess access, HttpContext context, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(id) || await access.FindAsync(id, context.User.Username(), cancellationToken) is null)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        var (message, certain) = await lookup.FindAsync(id, messageId, cancellationToken);
        return message is not null ? TypedResults.Ok(message) : (certain ? Refuse.MessageNotFound : Refuse.Unavailable).ToProblem();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Edit(
        string id, string messageId, EditContentRequest? request, MessageChanger changer, HttpContext context) =>
        Answer(await changer.EditAsync(context.User.Username(), id, messageId, request?.Content, CancellationToken.None));

    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(string id, string messageId, MessageChanger changer, HttpContext context) =>
        Answer(await changer.DeleteAsync(context.User.Username(), id, messageId, CancellationToken.None));

    private static async Task<Results<NoContent, ProblemHttpResult>> React(
        string id, string messageId, string emoji, MessageChanger changer, HttpContext context) =>
        Answer(await changer.ReactAsync(context.User.Username(), id, messageId, emoji, on: true, CancellationToken.None));

    private static async Task<Results<NoContent, ProblemHttpResult>> Unreact(
        string id, string messageId, string emoji, MessageChanger changer, HttpContext context) =>
        Answer(await changer.ReactAsync(context.User.Username(), id, messageId, emoji, on: false, CancellationToken.None));

    private static async Task<Results<NoContent, ProblemHttpResult>> MarkRead(
        string id, ReadRequest? request, ReadMarks marks, HttpContext context)
    {
        var refusal = await marks.MarkAsync(context.User.Username(), id, request?.MessageId, CancellationToken.None);
        return refusal is null ? TypedResults.NoContent() : refusal.ToProblem();
    }

    private static Results<NoContent, ProblemHttpResult> Answer(Outcome<MessageChange> outcome) =>
        outcome.Refusal is { } refusal ? refusal.ToProblem() : TypedResults.NoContent();
}
