using Chat.Backends.Saving;
using Chat.Contracts;

namespace Chat.Backends.Archive;

/// <summary>
/// All messages, for good. Saving commutes and is idempotent: any order of items, any number of times, changes before
/// their message, from several workers at once, gives what <see cref="MessageMerge"/> says. Reads see what was saved (majority). Every query is served by an index and reads no more than
/// about a page. All calls throw <see cref="BackendUnavailableException"/> when the store is away.
/// </summary>
public interface IMessageArchive
{
    /// <summary>
    /// Saves in bulk, durable (majority, journalled) when it answers; one result an item, in the same order. One item that
    /// cannot be saved does not keep the others from it. Once a deletion is saved nobody can read the message's files.
    /// </summary>
    Task<IReadOnlyList<SaveResult>> SaveAsync(IReadOnlyList<SaveItem> items, CancellationToken cancellationToken);

    /// <summary>Null when there is none, or only changes to it so far.</summary>
    Task<Message?> FindAsync(string messageId, CancellationToken cancellationToken);

    /// <summary>
    /// Messages of the room in room order, oldest first, strictly between the cursors; the newest <paramref name="limit"/>
    /// of them, or, when only <paramref name="after"/> is given, the oldest.
    /// </summary>
    Task<IReadOnlyList<Message>> ReadAsync(
        string roomId, MessageCursor? before, MessageCursor? after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// The newest message of each of the rooms; rooms without one are left out. How many queries it takes does not depend on how many rooms
    /// there are.
    /// </summary>
    Task<IReadOnlyDictionary<string, Message>> ReadNewestAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken);

    /// <summary>
    /// What a user has not read in each of the ranges, one of a room: others' messages that are not deleted, and those of them that mention
    /// the user or the room, each at most <see cref="Limits.UnreadMax"/>. Rooms without any may be left out. How many queries it takes does
    /// not depend on how many ranges there are, and of each range no more is read than docs/archive.md says.
    /// </summary>
    Task<IReadOnlyDictionary<string, UnreadCount>> CountUnreadAsync(
        string username, IReadOnlyCollection<UnreadRange> ranges, CancellationToken cancellationToken);

    /// <summary>Newest first, in the given rooms; every word of the query must match, the last as a prefix.</summary>
    Task<IReadOnlyList<Message>> SearchAsync(MessageSearch search, CancellationToken cancellationToken);

    /// <summary>The user's own messages for the export, in (timestamp, id) order after the cursor.</summary>
    Task<IReadOnlyList<Message>> ReadBySenderAsync(string sender, MessageCursor? after, int limit, CancellationToken cancellationToken);

    /// <summary>Erases a room's messages and files, some at a time; true when none is left.</summary>
    Task<bool> EraseRoomAsync(string roomId, CancellationToken cancellationToken);
}

/// <summary>A place in a room's order.</summary>
public readonly record struct MessageCursor(DateTimeOffset Timestamp, string Id)
{
    public static MessageCursor Of(Message message) => new(message.Timestamp, message.Id);

    /// <summary>Where the message stands in the room's order: less than 0 before this place, 0 at it, greater than 0 after it.</summary>
    public int Compare(Message message)
    {
        var byTime = message.Timestamp.CompareTo(Timestamp);
        return byTime != 0 ? byTime : string.CompareOrdinal(message.Id, Id);
    }
}

public readonly record struct UnreadCount(int Unread, int Mentions);

/// <summary>A part of a room: strictly after one place and, where <c>Before</c> is given, strictly before another.</summary>
public readonly record struct UnreadRange(string RoomId, MessageCursor? After = null, MessageCursor? Before = null);

public sealed record MessageSearch(
    IReadOnlyCollection<string> RoomIds, IReadOnlyList<string> Words, string? From, MessageCursor? Before, int Limit);

/// <summary>What became of one item.</summary>
public readonly record struct SaveResult(SaveResultKind Kind, string? Reason = null);

public enum SaveResultKind
{
    Saved,

    /// <summary>It was there already: as good as saved.</summary>
    Duplicate,

    /// <summary>The store says it can never be saved (too large, malformed): the reason tells.</summary>
    Refused,
}
