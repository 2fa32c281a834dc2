namespace Chat.Contracts;

/// <summary>
/// The stable <c>code</c> of every refusal: in ProblemDetails over HTTP, and before the colon of a
/// <c>HubException</c>'s message over the hub. Codes are never reused for something else.
/// </summary>
public static class ErrorCodes
{
    public const string UsernameTaken = "username_taken";
    public const string InvalidUsername = "invalid_username";
    public const string WeakPassword = "weak_password";
    public const string InvalidCredentials = "invalid_credentials";
    public const string InvalidDisplayName = "invalid_display_name";

    /// <summary>Too many failed sign-ins for this name; <c>Retry-After</c> says in how many seconds to try again.</summary>
    public const string TooManyAttempts = "too_many_attempts";

    /// <summary>No session, or one that ended.</summary>
    public const string NotSignedIn = "not_signed_in";

    /// <summary>The request comes from another origin than the pages.</summary>
    public const string OriginNotAllowed = "origin_not_allowed";

    /// <summary>Signed in and a member, but this needs another role.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>No such room, or none that the caller may know of.</summary>
    public const string RoomNotFound = "room_not_found";

    public const string MessageNotFound = "message_not_found";
    public const string UserNotFound = "user_not_found";
    public const string SessionNotFound = "session_not_found";
    public const string NotFound = "not_found";
    public const string InvalidRoomName = "invalid_room_name";
    public const string InvalidTopic = "invalid_topic";
    public const string InvalidRoomKind = "invalid_room_kind";

    /// <summary>A direct room of nobody, or of too many.</summary>
    public const string InvalidMembers = "invalid_members";

    /// <summary>The room is archived: it can be read, not written.</summary>
    public const string RoomArchived = "room_archived";

    /// <summary>The last owner of a room with other members cannot leave it.</summary>
    public const string LastOwner = "last_owner";

    /// <summary>A direct room's people do not change.</summary>
    public const string DirectRoomFixed = "direct_room_fixed";

    public const string TooManyRooms = "too_many_rooms";
    public const string RoomFull = "room_full";

    /// <summary>Content is empty after trimming, or too long.</summary>
    public const string InvalidContent = "invalid_content";

    public const string InvalidClientId = "invalid_client_id";

    /// <summary>The client id was used before, for a message in another room.</summary>
    public const string ClientIdReused = "client_id_reused";

    /// <summary>The file has more than <see cref="Limits.FileBytes"/>.</summary>
    public const string FileTooLarge = "file_too_large";

    /// <summary>The file has no bytes.</summary>
    public const string FileEmpty = "file_empty";

    /// <summary>Said to be an image that is shown in place, and its bytes are none.</summary>
    public const string FileTypeRefused = "file_type_refused";

    public const string InvalidFileName = "invalid_file_name";

    /// <summary>No such file in this room, or none that the caller may know of.</summary>
    public const string FileNotFound = "file_not_found";

    /// <summary>An attachment that the sender did not upload to this room, or that is gone, or another message's: upload it again.</summary>
    public const string UnknownFile = "unknown_file";

    public const string TooManyFiles = "too_many_files";

    public const string InvalidReply = "invalid_reply";
    public const string InvalidEmoji = "invalid_emoji";
    public const string TooManyReactions = "too_many_reactions";
    public const string InvalidCursor = "invalid_cursor";
    public const string InvalidLimit = "invalid_limit";
    public const string InvalidQuery = "invalid_query";

    /// <summary>The body is not the JSON that the call takes.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>Too many messages; the client keeps the message and sends it again after a while.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>No durable store could take the message; the client keeps it and sends it again.</summary>
    public const string NotAccepted = "not_accepted";

    /// <summary>This needs a store that is away; nothing was changed; try again later.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>Something nobody expected; the trace id in the answer finds it in the logs.</summary>
    public const string Internal = "internal_error";
}
