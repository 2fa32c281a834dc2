namespace Chat.Contracts;

/// <summary>Every limit the server enforces; the client shows the same ones before it asks.</summary>
public static class Limits
{
    /// <summary>Fewest characters of a username.</summary>
    public const int UsernameMin = 3;

    /// <summary>Most characters of a username.</summary>
    public const int UsernameMax = 32;

    /// <summary>What a username consists of, as a regular expression: <c>a-z 0-9 . _ -</c>.</summary>
    public const string UsernamePattern = "^[a-z0-9._-]{3,32}$";

    /// <summary>Fewest characters of a password.</summary>
    public const int PasswordMin = 10;

    /// <summary>Most characters of a password.</summary>
    public const int PasswordMax = 128;

    /// <summary>Most characters of a display name.</summary>
    public const int DisplayNameMax = 64;

    /// <summary>Most characters of a room's name, after trimming; at least one.</summary>
    public const int RoomNameMax = 80;

    /// <summary>Most characters of a room's topic.</summary>
    public const int RoomTopicMax = 250;

    /// <summary>Most characters (UTF-16 code units) of a message's content, after trimming; at least one where nothing is attached.</summary>
    public const int ContentMax = 4_000;

    /// <summary>Most characters of a client id; at least one.</summary>
    public const int ClientIdMax = 64;

    /// <summary>Most messages of one page of history; at least one.</summary>
    public const int PageMax = 100;

    /// <summary>Messages of a page when the caller names no limit.</summary>
    public const int PageDefault = 50;

    /// <summary>Messages of a room that Redis keeps.</summary>
    public const int RecentMessages = 100;

    /// <summary>
    /// Changes of a room's messages that Redis keeps. So many that a client which was away while a few hundred people reacted need not
    /// read again what it keeps; so few that they take about as much memory as the messages (a reaction has some 250 bytes).
    /// </summary>
    public const int RecentChanges = 500;

    /// <summary>Most bytes of one socket message from a client.</summary>
    public const int SocketMessageBytes = 32 * 1024;

    /// <summary>Messages a second that a user may send over time.</summary>
    public const int SendsPerSecond = 10;

    /// <summary>Messages that a user may send at once before <see cref="SendsPerSecond"/> counts.</summary>
    public const int SendBurst = 20;

    /// <summary>Failed sign-ins in a row that lock a name for a while.</summary>
    public const int SignInFailures = 5;

    /// <summary>Most people in one direct room, the caller included.</summary>
    public const int DirectRoomPeople = 10;

    /// <summary>Most characters (UTF-16 code units) of a reaction's emoji.</summary>
    public const int EmojiMax = 16;

    /// <summary>Most different reactions (emoji and user together) that one message keeps.</summary>
    public const int ReactionsPerMessage = 500;

    /// <summary>Unread counts stop here; the client shows the number and a plus sign.</summary>
    public const int UnreadMax = 1_000;

    /// <summary>Rooms that one user may belong to.</summary>
    public const int RoomsPerUser = 500;

    /// <summary>Members that one room may have.</summary>
    public const int MembersPerRoom = 5_000;

    /// <summary>Most characters of a search's words.</summary>
    public const int SearchQueryMax = 200;

    /// <summary>Most bytes of one file; at least one.</summary>
    public const int FileBytes = 10 * 1024 * 1024;

    /// <summary>Most characters (UTF-16 code units) of a file's name; at least one.</summary>
    public const int FileNameMax = 200;

    /// <summary>Most files of one message.</summary>
    public const int AttachmentsMax = 10;

    /// <summary>Images of more pixels are offered as files: showing one would cost a browser hundreds of megabytes.</summary>
    public const int InlineImagePixels = 50_000_000;

    /// <summary>Files that a user may upload at once before <see cref="UploadsPerMinute"/> counts.</summary>
    public const int UploadBurst = 30;

    /// <summary>Files a minute that a user may upload over time.</summary>
    public const int UploadsPerMinute = 30;

    /// <summary>Most spans of one report of a browser.</summary>
    public const int BrowserSpansMax = 50;
}
