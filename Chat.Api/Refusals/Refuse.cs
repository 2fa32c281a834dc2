using Chat.Contracts;

namespace Chat.Api.Refusals;

/// <summary>Every refusal of the API, so that a code has one text and one status.</summary>
public static class Refuse
{
    public static Refusal NotSignedIn { get; } = new(ErrorCodes.NotSignedIn, "Sign in first.", StatusCodes.Status401Unauthorized);

    public static Refusal OriginNotAllowed { get; } = new(ErrorCodes.OriginNotAllowed, "This origin may not call the chat.", StatusCodes.Status403Forbidden);

    public static Refusal RoomNotFound { get; } = new(ErrorCodes.RoomNotFound, "There is no such room.", StatusCodes.Status404NotFound);

    public static Refusal MessageNotFound { get; } = new(ErrorCodes.MessageNotFound, "There is no such message.", StatusCodes.Status404NotFound);

    public static Refusal UserNotFound { get; } = new(ErrorCodes.UserNotFound, "There is no such user.", StatusCodes.Status404NotFound);

    public static Refusal RoomArchived { get; } = new(ErrorCodes.RoomArchived, "The room is archived; it can only be read.", StatusCodes.Status409Conflict);

    public static Refusal InvalidContent { get; } =
        new(ErrorCodes.InvalidContent, $"A message has 1 to {Limits.ContentMax} characters.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidClientId { get; } =
        new(ErrorCodes.InvalidClientId, $"A client id has 1 to {Limits.ClientIdMax} printable characters.", StatusCodes.Status400BadRequest);

    public static Refusal ClientIdReused { get; } =
        new(ErrorCodes.ClientIdReused, "This client id belongs to a message in another room.", StatusCodes.Status409Conflict);

    public static Refusal InvalidReply { get; } =
        new(ErrorCodes.InvalidReply, "A reply names a message of the same room.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidEmoji { get; } =
        new(ErrorCodes.InvalidEmoji, $"A reaction is one emoji of at most {Limits.EmojiMax} characters.", StatusCodes.Status400BadRequest);

    public static Refusal TooManyReactions { get; } =
        new(ErrorCodes.TooManyReactions, $"A message keeps at most {Limits.ReactionsPerMessage} reactions.", StatusCodes.Status409Conflict);

    public static Refusal InvalidCursor { get; } = new(
        ErrorCodes.InvalidCursor, "A cursor is a message's id, '{unix milliseconds}_{id}' or an ISO 8601 time.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidLimit { get; } =
        new(ErrorCodes.InvalidLimit, $"A page has 1 to {Limits.PageMax} messages.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidRequest { get; } =
        new(ErrorCodes.InvalidRequest, "The body is not what this call takes.", StatusCodes.Status400BadRequest);

    public static Refusal NotAccepted { get; } = new(
        ErrorCodes.NotAccepted, "The message could not be kept safe now; send it again.", StatusCodes.Status503ServiceUnavailable) { RetryAfter = 2 };

    public static Refusal Unavailable { get; } = new(
        ErrorCodes.Unavailable, "This is not possible at the moment; try again.", StatusCodes.Status503ServiceUnavailable) { RetryAfter = 5 };

    public static Refusal RateLimited { get; } = new(
        ErrorCodes.RateLimited, "Too many messages at once; send it again in a moment.", StatusCodes.Status429TooManyRequests) { RetryAfter = 1 };

    public static Refusal Forbidden(string text) => new(ErrorCodes.Forbidden, text, StatusCodes.Status403Forbidden);
}
