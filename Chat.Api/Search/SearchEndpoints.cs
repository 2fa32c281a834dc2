using Chat.Api.Auth;
using Chat.Api.Messages;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Backends.Archive;
using Chat.Backends.Search;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.Search;

/// <summary><c>/api/search</c>: saved messages of the caller's rooms, the newest first.</summary>
public static class SearchEndpoints
{
    private const int PageSize = 25;

    public static void MapSearch(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/api/search", Find).WithTags("Search").RequireAuthorization();

    private static async Task<Results<Ok<SearchPage>, ProblemHttpResult>> Find(
        string? q,
        string? room,
        string? from,
        string? before,
        IMessageArchive archive,
        MessageLookup lookup,
        SaveWatermark watermark,
        RoomAccess access,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var username = context.User.Username();
        var words = q is { Length: <= Limits.SearchQueryMax } ? Words.Of(q) : [];
        if (words.Count == 0 || from?.Length > Limits.UsernameMax)
        {
            return Refuse.InvalidQuery.ToProblem();
        }

        var rooms = await access.RoomsOfAsync(username, cancellationToken);
        if (room is not null && !rooms.Contains(room))
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        MessageCursor? cursor = null;
        if (before is not null)
        {
            cursor = MessageCursors.TryParse(before);
            if (cursor is null && (await lookup.FindSavedAsync(before, TimeSpan.FromSeconds(2), cancellationToken)).Message is { } message
                && rooms.Contains(message.RoomId))
            {
                cursor = MessageCursor.Of(message);
            }

            if (cursor is null)
            {
                return Refuse.InvalidCursor.ToProblem();
            }
        }

        var sender = string.IsNullOrWhiteSpace(from) ? null : UserAccounts.Normalize(from);
        var complete = await watermark.ReachesNowAsync(cancellationToken);
        var found = await archive.SearchAsync(
            new MessageSearch(room is null ? rooms : [room], words, sender, cursor, PageSize + 1), cancellationToken);
        return TypedResults.Ok(new SearchPage([.. found.Take(PageSize)], found.Count > PageSize, complete));
    }
}
