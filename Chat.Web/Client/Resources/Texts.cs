using System.Globalization;
using System.Resources;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Files;
using Chat.Web.Client.Text;

namespace Chat.Web.Client.Resources;

/// <summary>Every text that the chat shows, from <c>Texts.resx</c>: English; each is looked up once.</summary>
internal static class Texts
{
    // Before the texts: they are read in this order.
    private static readonly ResourceManager Manager = new("Chat.Web.Client.Resources.Texts", typeof(Texts).Assembly);

    public static string AppName { get; } = Text(nameof(AppName));
    public static string NothingHere { get; } = Text(nameof(NothingHere));
    public static string BackToChat { get; } = Text(nameof(BackToChat));
    public static string Rooms { get; } = Text(nameof(Rooms));
    public static string DirectMessages { get; } = Text(nameof(DirectMessages));
    public static string NewRoom { get; } = Text(nameof(NewRoom));
    public static string BrowseRooms { get; } = Text(nameof(BrowseRooms));
    public static string NewDirect { get; } = Text(nameof(NewDirect));
    public static string NoRoomsTitle { get; } = Text(nameof(NoRoomsTitle));
    public static string NoRoomsText { get; } = Text(nameof(NoRoomsText));
    public static string NoMessagesTitle { get; } = Text(nameof(NoMessagesTitle));
    public static string NoMessagesText { get; } = Text(nameof(NoMessagesText));
    public static string SelectRoomTitle { get; } = Text(nameof(SelectRoomTitle));
    public static string SelectRoomText { get; } = Text(nameof(SelectRoomText));
    public static string RoomName { get; } = Text(nameof(RoomName));
    public static string Topic { get; } = Text(nameof(Topic));
    public static string TopicOptional { get; } = Text(nameof(TopicOptional));
    public static string PrivateRoom { get; } = Text(nameof(PrivateRoom));
    public static string Create { get; } = Text(nameof(Create));
    public static string Cancel { get; } = Text(nameof(Cancel));
    public static string Close { get; } = Text(nameof(Close));
    public static string Save { get; } = Text(nameof(Save));
    public static string Join { get; } = Text(nameof(Join));
    public static string Joined { get; } = Text(nameof(Joined));
    public static string Leave { get; } = Text(nameof(Leave));
    public static string Archive { get; } = Text(nameof(Archive));
    public static string Unarchive { get; } = Text(nameof(Unarchive));
    public static string Archived { get; } = Text(nameof(Archived));
    public static string Members { get; } = Text(nameof(Members));
    public static string AddMember { get; } = Text(nameof(AddMember));
    public static string Add { get; } = Text(nameof(Add));
    public static string Remove { get; } = Text(nameof(Remove));
    public static string NotifyOf { get; } = Text(nameof(NotifyOf));
    public static string NotifyEverything { get; } = Text(nameof(NotifyEverything));
    public static string NotifyMentions { get; } = Text(nameof(NotifyMentions));
    public static string NotifyNothing { get; } = Text(nameof(NotifyNothing));
    public static string RoomSettings { get; } = Text(nameof(RoomSettings));
    public static string Search { get; } = Text(nameof(Search));
    public static string SearchHint { get; } = Text(nameof(SearchHint));
    public static string SearchIn { get; } = Text(nameof(SearchIn));
    public static string SearchFrom { get; } = Text(nameof(SearchFrom));
    public static string AllRooms { get; } = Text(nameof(AllRooms));
    public static string Anybody { get; } = Text(nameof(Anybody));
    public static string NotesToSelf { get; } = Text(nameof(NotesToSelf));
    public static string MessageTools { get; } = Text(nameof(MessageTools));
    public static string InsertEmoji { get; } = Text(nameof(InsertEmoji));
    public static string AttachAsFile { get; } = Text(nameof(AttachAsFile));
    public static string TextFileName { get; } = Text(nameof(TextFileName));
    public static string NothingFound { get; } = Text(nameof(NothingFound));
    public static string More { get; } = Text(nameof(More));
    public static string Switcher { get; } = Text(nameof(Switcher));
    public static string Write { get; } = Text(nameof(Write));
    public static string Send { get; } = Text(nameof(Send));
    public static string Edit { get; } = Text(nameof(Edit));
    public static string Delete { get; } = Text(nameof(Delete));
    public static string DeleteQuestion { get; } = Text(nameof(DeleteQuestion));
    public static string Deleted { get; } = Text(nameof(Deleted));
    public static string Edited { get; } = Text(nameof(Edited));
    public static string Reply { get; } = Text(nameof(Reply));
    public static string React { get; } = Text(nameof(React));
    public static string CopyLink { get; } = Text(nameof(CopyLink));
    public static string LinkCopied { get; } = Text(nameof(LinkCopied));
    public static string Queued { get; } = Text(nameof(Queued));
    public static string NotSent { get; } = Text(nameof(NotSent));
    public static string Retry { get; } = Text(nameof(Retry));
    public static string Discard { get; } = Text(nameof(Discard));
    public static string NewSince { get; } = Text(nameof(NewSince));
    public static string BackToNewest { get; } = Text(nameof(BackToNewest));
    public static string Today { get; } = Text(nameof(Today));
    public static string Yesterday { get; } = Text(nameof(Yesterday));
    public static string Account { get; } = Text(nameof(Account));
    public static string SignOut { get; } = Text(nameof(SignOut));
    public static string SignOutEverywhere { get; } = Text(nameof(SignOutEverywhere));
    public static string UnsentQuestion { get; } = Text(nameof(UnsentQuestion));
    public static string DisplayName { get; } = Text(nameof(DisplayName));
    public static string ChangePassword { get; } = Text(nameof(ChangePassword));
    public static string CurrentPassword { get; } = Text(nameof(CurrentPassword));
    public static string NewPassword { get; } = Text(nameof(NewPassword));
    public static string Devices { get; } = Text(nameof(Devices));
    public static string ThisDevice { get; } = Text(nameof(ThisDevice));
    public static string End { get; } = Text(nameof(End));
    public static string Done { get; } = Text(nameof(Done));
    public static string Theme { get; } = Text(nameof(Theme));
    public static string Export { get; } = Text(nameof(Export));
    public static string DeleteAccount { get; } = Text(nameof(DeleteAccount));
    public static string DeleteAccountText { get; } = Text(nameof(DeleteAccountText));
    public static string RevokeInvites { get; } = Text(nameof(RevokeInvites));
    public static string InvitesRevoked { get; } = Text(nameof(InvitesRevoked));
    public static string InviteLink { get; } = Text(nameof(InviteLink));
    public static string Joining { get; } = Text(nameof(Joining));
    public static string Writing { get; } = Text(nameof(Writing));
    public static string EnterSends { get; } = Text(nameof(EnterSends));
    public static string EnterBreaks { get; } = Text(nameof(EnterBreaks));
    public static string Notifications { get; } = Text(nameof(Notifications));
    public static string Sound { get; } = Text(nameof(Sound));
    public static string NotificationsDenied { get; } = Text(nameof(NotificationsDenied));
    public static string SearchIncomplete { get; } = Text(nameof(SearchIncomplete));
    public static string AskNotifications { get; } = Text(nameof(AskNotifications));
    public static string ThemeSystem { get; } = Text(nameof(ThemeSystem));
    public static string ThemeLight { get; } = Text(nameof(ThemeLight));
    public static string ThemeDark { get; } = Text(nameof(ThemeDark));
    public static string ThemeContrast { get; } = Text(nameof(ThemeContrast));
    public static string UnknownDevice { get; } = Text(nameof(UnknownDevice));
    public static string Live { get; } = Text(nameof(Live));
    public static string Offline { get; } = Text(nameof(Offline));
    public static string Connecting { get; } = Text(nameof(Connecting));
    public static string Reconnecting { get; } = Text(nameof(Reconnecting));
    public static string SignedOut { get; } = Text(nameof(SignedOut));
    public static string SavingDelayed { get; } = Text(nameof(SavingDelayed));
    public static string HistoryIncomplete { get; } = Text(nameof(HistoryIncomplete));
    public static string CatchingUp { get; } = Text(nameof(CatchingUp));
    public static string Menu { get; } = Text(nameof(Menu));
    public static string Owner { get; } = Text(nameof(Owner));
    public static string Moderator { get; } = Text(nameof(Moderator));
    public static string MakeModerator { get; } = Text(nameof(MakeModerator));
    public static string MakeMember { get; } = Text(nameof(MakeMember));
    public static string People { get; } = Text(nameof(People));
    public static string Start { get; } = Text(nameof(Start));
    public static string AttachFiles { get; } = Text(nameof(AttachFiles));
    public static string AttachedFiles { get; } = Text(nameof(AttachedFiles));
    public static string Download { get; } = Text(nameof(Download));
    public static string OpenImage { get; } = Text(nameof(OpenImage));
    public static string FileGone { get; } = Text(nameof(FileGone));

    public static string TooLong { get; } = Format(nameof(TooLong), Limits.ContentMax);

    /// <summary>What stands for a message in one line: its words, or the names of its files.</summary>
    public static string Preview(Message message) =>
        message.DeletedAt is not null ? Deleted
        : message.Content.Length > 0 || message.Attachments is null ? SafeMarkdown.ToText(message.Content)
        : string.Join(", ", message.Attachments.Select(f => f.Name));

    public static string Length(int length) => Format(nameof(Length), length, Limits.ContentMax);

    /// <summary>The page's title; a number in it asks for attention.</summary>
    public static string Title(int attention) => attention == 0 ? AppName : Format(nameof(Title), attention, AppName);

    public static string MentionRoom(string word) => Format(nameof(MentionRoom), word);

    public static string Mentions(int count) => Count(nameof(Mentions), count);

    public static string Unread(int count) => Format(nameof(Unread), count);

    public static string WithUnsent(string state, int unsent) => unsent == 0 ? state : Format(nameof(WithUnsent), state, unsent);

    public static string RemoveFile(string name) => Format(nameof(RemoveFile), name);

    public static string SeenBy(IReadOnlyList<string> names) => Format(nameof(SeenBy), string.Join(", ", names));

    /// <summary>In the unit that people read: 12 KB, 3.4 MB.</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 1024 => Format("Size_bytes", bytes),
        < 1024 * 1024 => Format("Size_kilobytes", bytes / 1024),
        _ => Format("Size_megabytes", bytes / (1024.0 * 1024)),
    };

    public static string NewMessages(int count) => Count(nameof(NewMessages), count);

    public static string Typing(IReadOnlyList<string> names) => names.Count switch
    {
        1 => Format("Typing_one", names[0]),
        2 => Format("Typing_two", names[0], names[1]),
        _ => Text("Typing_other"),
    };

    public static string MemberCount(int count) => Count(nameof(MemberCount), count);

    public static string ReplyingTo(string name) => Format(nameof(ReplyingTo), name);

    /// <summary>What a refusal means for the reader.</summary>
    public static string Problem(string? code) => code switch
    {
        null => "",
        ApiException.Unreachable => Text("Problem_Unreachable"),
        ErrorCodes.Unavailable => Text("Problem_Unavailable"),
        ErrorCodes.RateLimited => Text("Problem_RateLimited"),
        ErrorCodes.RoomNotFound => Text("Problem_RoomNotFound"),
        ErrorCodes.MessageNotFound => Text("Problem_MessageNotFound"),
        ErrorCodes.UserNotFound => Text("Problem_UserNotFound"),
        ErrorCodes.RoomArchived => Text("Problem_RoomArchived"),
        ErrorCodes.InvalidRoomName => Format("Problem_InvalidRoomName", Limits.RoomNameMax),
        ErrorCodes.InvalidContent => Format("Problem_InvalidContent", Limits.ContentMax),
        ErrorCodes.InvalidTopic => Format("Problem_InvalidTopic", Limits.RoomTopicMax),
        ErrorCodes.LastOwner => Text("Problem_LastOwner"),
        ErrorCodes.Forbidden => Text("Problem_Forbidden"),
        ErrorCodes.InvalidCredentials => Text("Problem_InvalidCredentials"),
        ErrorCodes.WeakPassword => Format("Problem_WeakPassword", Limits.PasswordMin),
        ErrorCodes.InvalidDisplayName => Format("Problem_InvalidDisplayName", Limits.DisplayNameMax),
        ErrorCodes.InvalidMembers => Format("Problem_InvalidMembers", Limits.DirectRoomPeople - 1),
        ErrorCodes.TooManyReactions => Text("Problem_TooManyReactions"),
        ErrorCodes.NotFound => Text("Problem_NotFound"),
        ErrorCodes.FileTooLarge => Format("Problem_FileTooLarge", Limits.FileBytes / (1024 * 1024)),
        ErrorCodes.FileEmpty => Text("Problem_FileEmpty"),
        ErrorCodes.FileTypeRefused => Text("Problem_FileTypeRefused"),
        ErrorCodes.TooManyFiles => Format("Problem_TooManyFiles", Limits.AttachmentsMax),
        ErrorCodes.InvalidFileName => Text("Problem_InvalidFileName"),
        FileUploads.Lost or ErrorCodes.UnknownFile => Text("Problem_Lost"),
        ErrorCodes.NotAccepted => Text("Problem_NotAccepted"),
        _ => Format("Problem_other", code),
    };

    private static string Text(string name) => Manager.GetString(name, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(name);

    private static string Format(string name, params object[] values) => string.Format(CultureInfo.CurrentCulture, Text(name), values);

    private static string Count(string name, int count) => count == 1 ? Text($"{name}_one") : Format($"{name}_other", count);
}
