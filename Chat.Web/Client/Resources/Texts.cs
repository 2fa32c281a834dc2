using System.Globalization;
using System.Resources;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Files;
using Chat.Web.Client.Text;

namespace Chat.Web.Client.Resources;

/// <summary>Every text that the chat shows, from <c>Texts.resx</c>: English; each is looked up once, when it is first needed: all at the start cost a tenth of a second.</summary>
internal static class Texts
{
    private static readonly ResourceManager Manager = new("Chat.Web.Client.Resources.Texts", typeof(Texts).Assembly);

    public static string AppName => field ??= Text(nameof(AppName));
    public static string NothingHere => field ??= Text(nameof(NothingHere));
    public static string BackToChat => field ??= Text(nameof(BackToChat));
    public static string Rooms => field ??= Text(nameof(Rooms));
    public static string DirectMessages => field ??= Text(nameof(DirectMessages));
    public static string NewRoom => field ??= Text(nameof(NewRoom));
    public static string BrowseRooms => field ??= Text(nameof(BrowseRooms));
    public static string NewDirect => field ??= Text(nameof(NewDirect));
    public static string NoRoomsTitle => field ??= Text(nameof(NoRoomsTitle));
    public static string NoRoomsText => field ??= Text(nameof(NoRoomsText));
    public static string NoMessagesTitle => field ??= Text(nameof(NoMessagesTitle));
    public static string NoMessagesText => field ??= Text(nameof(NoMessagesText));
    public static string SelectRoomTitle => field ??= Text(nameof(SelectRoomTitle));
    public static string SelectRoomText => field ??= Text(nameof(SelectRoomText));
    public static string RoomName => field ??= Text(nameof(RoomName));
    public static string Topic => field ??= Text(nameof(Topic));
    public static string TopicOptional => field ??= Text(nameof(TopicOptional));
    public static string PrivateRoom => field ??= Text(nameof(PrivateRoom));
    public static string Create => field ??= Text(nameof(Create));
    public static string Cancel => field ??= Text(nameof(Cancel));
    public static string Close => field ??= Text(nameof(Close));
    public static string Save => field ??= Text(nameof(Save));
    public static string Join => field ??= Text(nameof(Join));
    public static string Joined => field ??= Text(nameof(Joined));
    public static string Leave => field ??= Text(nameof(Leave));
    public static string Archive => field ??= Text(nameof(Archive));
    public static string Unarchive => field ??= Text(nameof(Unarchive));
    public static string Archived => field ??= Text(nameof(Archived));
    public static string Members => field ??= Text(nameof(Members));
    public static string AddMember => field ??= Text(nameof(AddMember));
    public static string Add => field ??= Text(nameof(Add));
    public static string Remove => field ??= Text(nameof(Remove));
    public static string NotifyOf => field ??= Text(nameof(NotifyOf));
    public static string NotifyEverything => field ??= Text(nameof(NotifyEverything));
    public static string NotifyMentions => field ??= Text(nameof(NotifyMentions));
    public static string NotifyNothing => field ??= Text(nameof(NotifyNothing));
    public static string RoomSettings => field ??= Text(nameof(RoomSettings));
    public static string Search => field ??= Text(nameof(Search));
    public static string SearchHint => field ??= Text(nameof(SearchHint));
    public static string SearchIn => field ??= Text(nameof(SearchIn));
    public static string SearchFrom => field ??= Text(nameof(SearchFrom));
    public static string AllRooms => field ??= Text(nameof(AllRooms));
    public static string Anybody => field ??= Text(nameof(Anybody));
    public static string NotesToSelf => field ??= Text(nameof(NotesToSelf));
    public static string MessageTools => field ??= Text(nameof(MessageTools));
    public static string InsertEmoji => field ??= Text(nameof(InsertEmoji));
    public static string AttachAsFile => field ??= Text(nameof(AttachAsFile));
    public static string TextFileName => field ??= Text(nameof(TextFileName));
    public static string NothingFound => field ??= Text(nameof(NothingFound));
    public static string More => field ??= Text(nameof(More));
    public static string Switcher => field ??= Text(nameof(Switcher));
    public static string Write => field ??= Text(nameof(Write));
    public static string Send => field ??= Text(nameof(Send));
    public static string Edit => field ??= Text(nameof(Edit));
    public static string Delete => field ??= Text(nameof(Delete));
    public static string DeleteQuestion => field ??= Text(nameof(DeleteQuestion));
    public static string Deleted => field ??= Text(nameof(Deleted));
    public static string Edited => field ??= Text(nameof(Edited));
    public static string Reply => field ??= Text(nameof(Reply));
    public static string React => field ??= Text(nameof(React));
    public static string CopyLink => field ??= Text(nameof(CopyLink));
    public static string LinkCopied => field ??= Text(nameof(LinkCopied));
    public static string Queued => field ??= Text(nameof(Queued));
    public static string NotSent => field ??= Text(nameof(NotSent));
    public static string Retry => field ??= Text(nameof(Retry));
    public static string Discard => field ??= Text(nameof(Discard));
    public static string NewSince => field ??= Text(nameof(NewSince));
    public static string BackToNewest => field ??= Text(nameof(BackToNewest));
    public static string Today => field ??= Text(nameof(Today));
    public static string Yesterday => field ??= Text(nameof(Yesterday));
    public static string Account => field ??= Text(nameof(Account));
    public static string SignOut => field ??= Text(nameof(SignOut));
    public static string SignOutEverywhere => field ??= Text(nameof(SignOutEverywhere));
    public static string UnsentQuestion => field ??= Text(nameof(UnsentQuestion));
    public static string DisplayName => field ??= Text(nameof(DisplayName));
    public static string ChangePassword => field ??= Text(nameof(ChangePassword));
    public static string CurrentPassword => field ??= Text(nameof(CurrentPassword));
    public static string NewPassword => field ??= Text(nameof(NewPassword));
    public static string Devices => field ??= Text(nameof(Devices));
    public static string ThisDevice => field ??= Text(nameof(ThisDevice));
    public static string End => field ??= Text(nameof(End));
    public static string Done => field ??= Text(nameof(Done));
    public static string Theme => field ??= Text(nameof(Theme));
    public static string Export => field ??= Text(nameof(Export));
    public static string DeleteAccount => field ??= Text(nameof(DeleteAccount));
    public static string DeleteAccountText => field ??= Text(nameof(DeleteAccountText));
    public static string RevokeInvites => field ??= Text(nameof(RevokeInvites));
    public static string InvitesRevoked => field ??= Text(nameof(InvitesRevoked));
    public static string InviteLink => field ??= Text(nameof(InviteLink));
    public static string Joining => field ??= Text(nameof(Joining));
    public static string Writing => field ??= Text(nameof(Writing));
    public static string EnterSends => field ??= Text(nameof(EnterSends));
    public static string EnterBreaks => field ??= Text(nameof(EnterBreaks));
    public static string Notifications => field ??= Text(nameof(Notifications));
    public static string Sound => field ??= Text(nameof(Sound));
    public static string NotificationsDenied => field ??= Text(nameof(NotificationsDenied));
    public static string SearchIncomplete => field ??= Text(nameof(SearchIncomplete));
    public static string AskNotifications => field ??= Text(nameof(AskNotifications));
    public static string ThemeSystem => field ??= Text(nameof(ThemeSystem));
    public static string ThemeLight => field ??= Text(nameof(ThemeLight));
    public static string ThemeDark => field ??= Text(nameof(ThemeDark));
    public static string ThemeContrast => field ??= Text(nameof(ThemeContrast));
    public static string UnknownDevice => field ??= Text(nameof(UnknownDevice));
    public static string Live => field ??= Text(nameof(Live));
    public static string Offline => field ??= Text(nameof(Offline));
    public static string Connecting => field ??= Text(nameof(Connecting));
    public static string Reconnecting => field ??= Text(nameof(Reconnecting));
    public static string SignedOut => field ??= Text(nameof(SignedOut));
    public static string SavingDelayed => field ??= Text(nameof(SavingDelayed));
    public static string HistoryIncomplete => field ??= Text(nameof(HistoryIncomplete));
    public static string CatchingUp => field ??= Text(nameof(CatchingUp));
    public static string Menu => field ??= Text(nameof(Menu));
    public static string Owner => field ??= Text(nameof(Owner));
    public static string Moderator => field ??= Text(nameof(Moderator));
    public static string MakeModerator => field ??= Text(nameof(MakeModerator));
    public static string MakeMember => field ??= Text(nameof(MakeMember));
    public static string People => field ??= Text(nameof(People));
    public static string Start => field ??= Text(nameof(Start));
    public static string AttachFiles => field ??= Text(nameof(AttachFiles));
    public static string AttachedFiles => field ??= Text(nameof(AttachedFiles));
    public static string Download => field ??= Text(nameof(Download));
    public static string OpenImage => field ??= Text(nameof(OpenImage));
    public static string FileGone => field ??= Text(nameof(FileGone));

    public static string TooLong => field ??= Format(nameof(TooLong), Limits.ContentMax);

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
