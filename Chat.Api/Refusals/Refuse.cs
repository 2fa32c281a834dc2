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

    public static Refusal FileTooLarge { get; } = new(
        ErrorCodes.FileTooLarge, $"A file has at most {Limits.FileBytes / (1024 * 1024)} MiB.", StatusCodes.Status413PayloadTooLarge);

    public static Refusal FileEmpty { get; } = new(ErrorCodes.FileEmpty, "The file is empty.", StatusCodes.Status400BadRequest);

    public static Refusal FileTypeRefused { get; } =
        new(ErrorCodes.FileTypeRefused, "The file is not the image that it is said to be.", StatusCodes.Status415UnsupportedMediaType);

    public static Refusal InvalidFileName { get; } =
        new(ErrorCodes.InvalidFileName, $"A file's name has 1 to {Limits.FileNameMax} characters.", StatusCodes.Status400BadRequest);

    public static Refusal FileNotFound { get; } = new(ErrorCodes.FileNotFound, "There is no such file.", StatusCodes.Status404NotFound);

    public static Refusal UnknownFile { get; } =
        new(ErrorCodes.UnknownFile, "A file of this message is not there (any more); upload it again.", StatusCodes.Status409Conflict);

    public static Refusal TooManyFiles { get; } =
        new(ErrorCodes.TooManyFiles, $"A message has at most {Limits.AttachmentsMax} files.", StatusCodes.Status400BadRequest);

    public static Refusal ReportsLimited { get; } =
        new(ErrorCodes.RateLimited, "Too many reports at once.", StatusCodes.Status429TooManyRequests)
        {
            RetryAfter = 2,
        };

    public static Refusal UploadsLimited { get; } =
        new(ErrorCodes.RateLimited, "Too many files at once; upload it again in a moment.", StatusCodes.Status429TooManyRequests)
        {
            RetryAfter = 2,
        };

    public static Refusal InvalidCursor { get; } = new(
        ErrorCodes.InvalidCursor, "A cursor is a message's id, '{unix milliseconds}_{id}' or an ISO 8601 time.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidNumber { get; } = new(
        ErrorCodes.InvalidCursor, "Ask for changes after a number, 0 or greater, of an epoch.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidLimit { get; } =
        new(ErrorCodes.InvalidLimit, $"A page has 1 to {Limits.PageMax} messages.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidRequest { get; } =
        new(ErrorCodes.InvalidRequest, "The body is not what this call takes.", StatusCodes.Status400BadRequest);

    public static Refusal NotAccepted { get; } = new(
        ErrorCodes.NotAccepted, "The message could not be kept safe now; send it again.", StatusCodes.Status503ServiceUnavailable)
    {
        RetryAfter = 2,
    };

    public static Refusal Unavailable { get; } = new(
        ErrorCodes.Unavailable, "This is not possible at the moment; try again.", StatusCodes.Status503ServiceUnavailable)
    {
        RetryAfter = 5,
    };

    public static Refusal Stopping { get; } = new(
        ErrorCodes.Unavailable, "This server is about to end; connect again, to another.", StatusCodes.Status503ServiceUnavailable)
    {
        RetryAfter = 1,
    };

    public static Refusal RateLimited { get; } = new(
        ErrorCodes.RateLimited, "Too many messages at once; send it again in a moment.", StatusCodes.Status429TooManyRequests)
    {
        RetryAfter = 1,
    };

    public static Refusal UsernameTaken { get; } = new(ErrorCodes.UsernameTaken, "This name is taken.", StatusCodes.Status409Conflict);

    public static Refusal InvalidUsername { get; } = new(
        ErrorCodes.InvalidUsername,
        $"A username has {Limits.UsernameMin} to {Limits.UsernameMax} of the characters a-z 0-9 . _ -",
        StatusCodes.Status400BadRequest);

    public static Refusal InvalidCredentials { get; } =
        new(ErrorCodes.InvalidCredentials, "Name or password is wrong.", StatusCodes.Status401Unauthorized);

    public static Refusal InvalidDisplayName { get; } =
        new(ErrorCodes.InvalidDisplayName, $"A display name has 1 to {Limits.DisplayNameMax} characters.", StatusCodes.Status400BadRequest);

    public static Refusal SessionNotFound { get; } =
        new(ErrorCodes.SessionNotFound, "There is no such session.", StatusCodes.Status404NotFound);

    public static Refusal InvalidRoomName { get; } =
        new(ErrorCodes.InvalidRoomName, $"A room's name has 1 to {Limits.RoomNameMax} characters.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidTopic { get; } =
        new(ErrorCodes.InvalidTopic, $"A topic has at most {Limits.RoomTopicMax} characters.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidRoomKind { get; } =
        new(ErrorCodes.InvalidRoomKind, "A room made by name is public or private.", StatusCodes.Status400BadRequest);

    public static Refusal InvalidMembers { get; } = new(
        ErrorCodes.InvalidMembers, $"A direct room has 2 to {Limits.DirectRoomPeople} people, the caller included.", StatusCodes.Status400BadRequest);

    public static Refusal LastOwner { get; } =
        new(ErrorCodes.LastOwner, "Make somebody else owner first.", StatusCodes.Status409Conflict);

    public static Refusal DirectRoomFixed { get; } =
        new(ErrorCodes.DirectRoomFixed, "A direct room stays as it is.", StatusCodes.Status409Conflict);

    public static Refusal TooManyRooms { get; } = new(
        ErrorCodes.TooManyRooms, $"Nobody belongs to more than {Limits.RoomsPerUser} rooms.", StatusCodes.Status409Conflict);

    public static Refusal RoomFull { get; } =
        new(ErrorCodes.RoomFull, $"A room has at most {Limits.MembersPerRoom} members.", StatusCodes.Status409Conflict);

    public static Refusal InviteNotFound { get; } =
        new(ErrorCodes.NotFound, "This invitation is not valid any more.", StatusCodes.Status404NotFound);

    public static Refusal InvalidQuery { get; } = new(
        ErrorCodes.InvalidQuery, $"A search has 1 to {Limits.SearchQueryMax} characters, at least one letter or digit.", StatusCodes.Status400BadRequest);

    public static Refusal Internal { get; } =
        new(ErrorCodes.Internal, "Something went wrong here.", StatusCodes.Status500InternalServerError);

    public static Refusal WeakPassword(string text) => new(ErrorCodes.WeakPassword, text, StatusCodes.Status400BadRequest);

    public static Refusal TooManyAttempts(TimeSpan wait) =>
        new(ErrorCodes.TooManyAttempts, "Too many failed attempts; wait a little.", StatusCodes.Status429TooManyRequests)
        {
            RetryAfter = (int)Math.Ceiling(wait.TotalSeconds),
        };

    public static Refusal Forbidden(string text) => new(ErrorCodes.Forbidden, text, StatusCodes.Status403Forbidden);
}
