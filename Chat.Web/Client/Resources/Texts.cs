using System.Globalization;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Files;

namespace Chat.Web.Client.Resources;

/// <summary>Every text that the chat shows, English first.</summary>
internal static class Texts
{
    public const string AppName = "Chat";
    public const string NothingHere = "There is nothing here";
    public const string BackToChat = "Back to the chat";
    public const string Rooms = "Rooms";
    public const string DirectMessages = "Direct messages";
    public const string NewRoom = "New room";
    public const string BrowseRooms = "Browse rooms";
    public const string NewDirect = "New message";
    public const string NoRoomsTitle = "Welcome! Pick a place to talk";
    public const string NoRoomsText = "Browse the public rooms and join one, create your own, or write to somebody directly.";
    public const string NoMessagesTitle = "No messages yet";
    public const string NoMessagesText = "Say hello. Messages stay here for everybody who joins later.";
    public const string SelectRoomTitle = "Choose a room";
    public const string SelectRoomText = "Pick one from the list, or press Ctrl+K to jump to any room or person.";
    public const string RoomName = "Name";
    public const string Topic = "Topic";
    public const string TopicOptional = "Topic (optional)";
    public const string PrivateRoom = "Private: only members know of it, and only they can add others";
    public const string Create = "Create";
    public const string Cancel = "Cancel";
    public const string Close = "Close";
    public const string Save = "Save";
    public const string Join = "Join";
    public const string Joined = "Open";
    public const string Leave = "Leave room";
    public const string Archive = "Archive room";
    public const string Unarchive = "Bring back";
    public const string Archived = "This room is archived. It can be read, and no longer written.";
    public const string Members = "Members";
    public const string AddMember = "Add somebody";
    public const string Add = "Add";
    public const string Remove = "Remove";
    public const string NotifyOf = "Notify me of";
    public const string NotifyEverything = "All messages";
    public const string NotifyMentions = "Mentions";
    public const string NotifyNothing = "Nothing";
    public const string RoomSettings = "Room settings";
    public const string Search = "Search messages";
    public const string SearchHint = "Words, from rooms you belong to";
    public const string NothingFound = "Nothing found.";
    public const string More = "Show more";
    public const string Switcher = "Jump to a room or person";
    public const string Write = "Write a message";
    public const string Send = "Send";
    public const string Edit = "Edit";
    public const string Delete = "Delete";
    public const string DeleteQuestion = "Delete this message for everybody?";
    public const string Deleted = "This message was deleted.";
    public const string Edited = "edited";
    public const string Reply = "Reply";
    public const string React = "Add a reaction";
    public const string CopyLink = "Copy link";
    public const string LinkCopied = "Link copied.";
    public const string Sending = "Sending…";
    public const string Queued = "Waiting to be sent";
    public const string NotSent = "Not sent.";
    public const string Retry = "Try again";
    public const string Discard = "Discard";
    public const string NewSince = "New";
    public const string BackToNewest = "Back to the newest";
    public const string Today = "Today";
    public const string Yesterday = "Yesterday";
    public const string Account = "Account";
    public const string SignOut = "Sign out";
    public const string SignOutEverywhere = "Sign out everywhere else";
    public const string UnsentQuestion = "Some messages were not sent yet and would be lost. Sign out all the same?";
    public const string DisplayName = "Display name";
    public const string ChangePassword = "Change password";
    public const string CurrentPassword = "Current password";
    public const string NewPassword = "New password";
    public const string Devices = "Signed-in devices";
    public const string ThisDevice = "this one";
    public const string End = "End";
    public const string Done = "Done.";
    public const string Theme = "Appearance";
    public const string Export = "Download my data";
    public const string DeleteAccount = "Delete my account";
    public const string DeleteAccountText = "Your account ends and you leave every room. Messages you wrote stay where they are; files you sent are removed. This cannot be undone.";
    public const string RevokeInvites = "Take back all invite links";
    public const string InvitesRevoked = "All invite links were taken back.";
    public const string InviteLink = "Copy invite link";
    public const string Joining = "Joining the room…";
    public const string Writing = "Writing";
    public const string EnterSends = "Enter sends";
    public const string EnterBreaks = "Enter starts a new line, Ctrl+Enter sends";
    public const string Notifications = "Notifications";
    public const string Sound = "Play a sound while I am not looking";
    public const string NotificationsDenied = "Your browser does not let this page show notifications. Its settings for this page can change that.";
    public const string SearchIncomplete = "Some of the newest messages are still being saved and cannot be found yet.";
    public const string AskNotifications = "Show notifications of mentions and direct messages";
    public const string ThemeSystem = "As the system";
    public const string ThemeLight = "Light";
    public const string ThemeDark = "Dark";
    public const string ThemeContrast = "High contrast";
    public const string UnknownDevice = "Unknown device";
    public const string Live = "Live";
    public const string Menu = "Rooms";
    public const string ReadBy = "Read by";
    public const string Owner = "owner";
    public const string Moderator = "moderator";
    public const string MakeModerator = "Make moderator";
    public const string MakeMember = "Make member";
    public const string People = "People, separated by spaces";
    public const string Start = "Start";

    public const string AttachFiles = "Attach files";
    public const string AttachedFiles = "Files to send";
    public const string Download = "Download";
    public const string OpenImage = "Open image";
    public const string FileGone = "not available";

    /// <summary>What stands for a message in one line: its text, or the names of its files.</summary>
    public static string Preview(Message message) =>
        message.Content.Length > 0 || message.Attachments is null ? message.Content : string.Join(", ", message.Attachments.Select(f => f.Name));

    public static string RemoveFile(string name) => $"Remove {name}";

    public static string SeenBy(IReadOnlyList<string> names) => $"Seen by {string.Join(", ", names)}";

    /// <summary>In the unit that people read: 12 KB, 3.4 MB.</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => $"{bytes / 1024} KB",
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):0.0} MB"),
    };

    public static string NewMessages(int count) => count == 1 ? "1 new message" : $"{count} new messages";

    public static string Typing(IReadOnlyList<string> names) => names.Count switch
    {
        1 => $"{names[0]} is typing…",
        2 => $"{names[0]} and {names[1]} are typing…",
        _ => "Several people are typing…",
    };

    public static string MemberCount(int count) => count == 1 ? "1 member" : $"{count} members";

    public static string ReplyingTo(string name) => $"Replying to {name}";

    /// <summary>What a refusal means for the reader.</summary>
    public static string Problem(string? code) => code switch
    {
        null => "",
        ApiException.Unreachable => "The server cannot be reached at the moment.",
        ErrorCodes.Unavailable => "This is not possible at the moment. Try again soon.",
        ErrorCodes.RateLimited => "That was too fast. Wait a moment.",
        ErrorCodes.RoomNotFound => "This room does not exist, or is not open to you.",
        ErrorCodes.MessageNotFound => "This message does not exist any more.",
        ErrorCodes.UserNotFound => "There is nobody of this name.",
        ErrorCodes.RoomArchived => "The room is archived.",
        ErrorCodes.InvalidRoomName => $"A room's name has 1 to {Limits.RoomNameMax} characters.",
        ErrorCodes.InvalidContent => $"A message has 1 to {Limits.ContentMax} characters.",
        ErrorCodes.InvalidTopic => $"A topic has at most {Limits.RoomTopicMax} characters.",
        ErrorCodes.LastOwner => "You are the only owner: make somebody else owner first, or archive the room.",
        ErrorCodes.Forbidden => "Only its owners or moderators can do this.",
        ErrorCodes.InvalidCredentials => "The password is not right.",
        ErrorCodes.WeakPassword => $"Choose a password of {Limits.PasswordMin} or more characters that is hard to guess.",
        ErrorCodes.InvalidDisplayName => $"A display name has 1 to {Limits.DisplayNameMax} characters.",
        ErrorCodes.InvalidMembers => $"Name 1 to {Limits.DirectRoomPeople - 1} people.",
        ErrorCodes.TooManyReactions => "This message has all the reactions it can hold.",
        ErrorCodes.NotFound => "This is not there any more. An invite may have expired.",
        ErrorCodes.FileTooLarge => $"A file has at most {Limits.FileBytes / (1024 * 1024)} MB.",
        ErrorCodes.FileEmpty => "The file is empty.",
        ErrorCodes.FileTypeRefused => "The file is not the image that its name says.",
        ErrorCodes.TooManyFiles => $"A message has at most {Limits.AttachmentsMax} files.",
        ErrorCodes.InvalidFileName => "This file needs another name.",
        FileUploads.Lost or ErrorCodes.UnknownFile => "A file is not in this browser any more. Choose it again.",
        ErrorCodes.NotAccepted => "The server cannot keep messages just now; it is sent again by itself.",
        _ => $"That did not work ({code}).",
    };
}
