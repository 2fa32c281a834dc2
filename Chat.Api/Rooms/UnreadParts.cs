using Chat.Backends.Archive;
using Chat.Backends.Recent;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>
/// A room's unread messages in two parts that meet at one message: the archive counts what is before it, and the rest is in Redis. So each
/// message is counted once, whenever it is saved.
/// </summary>
/// <param name="username">Who has not read them.</param>
/// <param name="access">The room and the user's read mark in it.</param>
/// <param name="newest">The room's newest message; null when there is none.</param>
/// <param name="newestSaved">The newest message in the archive; null when there is none, or when the archive cannot say.</param>
internal sealed class UnreadParts(string username, Access access, Message? newest, Message? newestSaved)
{
    private IReadOnlyList<Message> _inRedis = [];
    private IReadOnlyList<Message> _counted = [];

    /// <summary>How far the user has read. What was said before somebody joined is not unread.</summary>
    public MessageCursor Mark { get; } = access.Membership.ReadUpTo ?? new MessageCursor(access.Membership.JoinedAt, "");

    public string RoomId => access.Room.Id;

    public Message? Newest => newest;

    public bool HasUnread => newest is not null && IsAfter(newest, Mark);

    /// <summary>What the archive has to count; null: nothing.</summary>
    public UnreadRange? InArchive { get; private set; }

    /// <summary>Decides where the parts meet.</summary>
    /// <param name="window">The room's recent messages; null when Redis cannot say.</param>
    public void Split(RecentWindow? window)
    {
        _inRedis = window is null ? [] : [.. window.Messages.Where(m => IsAfter(m, Mark))];
        if (window is not null && window.ContiguousFrom < window.Messages.Count && !IsAfter(window.Messages[window.ContiguousFrom], Mark))
        {
            // No message is missing between the mark and the end of the list.
            _counted = _inRedis;
            return;
        }

        // A message that the list does not prove counts here only if nothing later was saved: then the archive cannot count it, too.
        var from = window?.ContiguousFrom ?? 0;
        while (from > 0 && (newestSaved is null || IsAfter(window!.Messages[from - 1], MessageCursor.Of(newestSaved))))
        {
            from--;
        }

        _counted = window is null ? [] : [.. window.Messages.Skip(from).Where(m => IsAfter(m, Mark))];
        InArchive = new UnreadRange(RoomId, Mark, _counted.Count > 0 ? MessageCursor.Of(_counted[0]) : null);
    }

    /// <summary>Both parts together.</summary>
    /// <param name="counted">What the archive counted; null when it cannot say: then what Redis holds is all that is known.</param>
    public UnreadCount Count(IReadOnlyDictionary<string, UnreadCount>? counted)
    {
        var saved = counted?.GetValueOrDefault(RoomId) ?? default;
        var others = (counted is null ? _inRedis : _counted).Where(m => m.Sender != username && m.DeletedAt is null).ToList();
        return new UnreadCount(
            Math.Min(saved.Unread + others.Count, Limits.UnreadMax),
            Math.Min(saved.Mentions + others.Count(m => m.Mentions.Contains(username) || m.Mentions.Contains("room")), Limits.UnreadMax));
    }

    private static bool IsAfter(Message message, MessageCursor mark) => mark.Compare(message) > 0;
}
