using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

/// <summary>A room as the server keeps it.</summary>
internal sealed class FakeRoom(string id, HashSet<string> members)
{
    private readonly List<Message> _messages = [];
    private readonly Dictionary<string, HistoryKey> _reads = new(StringComparer.Ordinal);
    private readonly List<MessageChange> _changes = [];
    private int _epochs = 1;
    private long _seq;

    public string Id => id;

    public HashSet<string> Members => members;

    public RoomKind Kind { get; set; } = RoomKind.Public;

    /// <summary>Of a direct room.</summary>
    public IReadOnlyList<UserInfo> People { get; set; } = [];

    /// <summary>In room order.</summary>
    public IReadOnlyList<Message> Messages => _messages;

    private string Epoch => $"{_epochs:D8}-e";

    /// <summary>Most changes that are kept.</summary>
    public int ChangesMax { get; set; } = Limits.RecentChanges;

    /// <summary>Redis lost its data: numbers begin anew, and no change is kept.</summary>
    public void NewEpoch()
    {
        (_epochs, _seq) = (_epochs + 1, 0);
        _changes.Clear();
    }

    public Message? Find(string messageId) => _messages.Find(m => m.Id == messageId);

    public Message Append(Message message, bool numbered = true)
    {
        if (_messages.Count > 0 && message.Timestamp <= _messages[^1].Timestamp)
        {
            message = message with { Timestamp = _messages[^1].Timestamp.AddMilliseconds(1) };
        }

        message = numbered ? message with { Seq = ++_seq, Epoch = Epoch } : message;
        _messages.Add(message);
        return message;
    }

    public MessageChange Apply(MessageChange change, bool numbered = true)
    {
        var at = _messages.FindIndex(m => m.Id == change.Id);
        if (at >= 0)
        {
            _messages[at] = MessageMerge.Apply(_messages[at], change);
        }

        if (numbered)
        {
            change = change with { Seq = ++_seq, Epoch = Epoch };
            _changes.Add(change);
        }

        return change;
    }

    /// <summary>Members without a client, as a crowd has them.</summary>
    public int OtherMembers { get; set; }

    public ChangePage Changes(string epoch, long since)
    {
        var kept = _changes.TakeLast(ChangesMax).ToList();
        var isComplete = epoch == Epoch && since <= _seq && (kept.Count == _changes.Count || kept[0].Seq <= since + 1);
        return new ChangePage(isComplete ? [.. kept.Where(c => c.Seq > since)] : [], _seq, _seq > 0 ? Epoch : "", isComplete);
    }

    public bool MarkRead(string username, string messageId)
    {
        if (Find(messageId) is not { } message || (_reads.TryGetValue(username, out var mark) && HistoryKey.Of(message) <= mark))
        {
            return false;
        }

        _reads[username] = HistoryKey.Of(message);
        return true;
    }

    public RoomMember Member(string username) => new(
        username, username, MemberRole.Member, Online: true,
        _reads.TryGetValue(username, out var mark) ? mark.Id : null, _reads.ContainsKey(username) ? mark.Timestamp : null);

    public MessagePage Page(HistoryKey? before, HistoryKey? after, int limit)
    {
        var between = _messages
            .Where(m => (before is not { } b || HistoryKey.Of(m) < b) && (after is not { } a || HistoryKey.Of(m) > a))
            .ToList();
        var page = after is not null && before is null ? between.Take(limit).ToList() : between.TakeLast(limit).ToList();
        var more = between.Count > page.Count;
        return new MessagePage(
            page,
            HasMoreBefore: page.Count > 0 ? page[0] != _messages[0] : before is not null && _messages.Count > 0 && HistoryKey.Of(_messages[0]) < before,
            HasMoreAfter: after is not null && before is null ? more : before is not null,
            _seq,
            _seq > 0 ? Epoch : "",
            Complete: true);
    }

    public RoomSummary SummaryFor(string username)
    {
        var mark = _reads.TryGetValue(username, out var known) ? known : (HistoryKey?)null;
        var unread = _messages
            .Where(m => m.Sender != username && m.DeletedAt is null && !(mark is { } read && HistoryKey.Of(m) <= read))
            .ToList();
        return new RoomSummary
        {
            Id = id,
            Name = id,
            Kind = Kind,
            Role = MemberRole.Member,
            MemberCount = members.Count + OtherMembers,
            Unread = Math.Min(Limits.UnreadMax, unread.Count),
            Mentions = unread.Count(m => m.Mentions.Contains(username) || m.Mentions.Contains("room")),
            LastMessage = _messages.Count > 0 ? _messages[^1] : null,
            LastReadMessageId = mark?.Id,
            LastReadAt = mark?.Timestamp,
            DirectWith = Kind == RoomKind.Direct ? [.. members.Where(m => m != username)] : null,
            DirectPeople = Kind == RoomKind.Direct ? [.. People.Where(p => p.Username != username)] : null,
        };
    }
}
