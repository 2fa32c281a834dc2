using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>
/// Counts are the server's, as of its last answer, and what came in live since: a message counts when it is later than
/// the last message that the answer knew of, so neither a push during the request nor one that came twice counts twice.
/// </summary>
public sealed partial class RoomState
{
    private static readonly TimeSpan TypingLasts = TimeSpan.FromSeconds(6);
    private readonly Func<string?> _me;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, HistoryKey> _reads = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (HistoryKey Key, bool Mention)> _live = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ITimer> _typing = new(StringComparer.Ordinal);
    private HistoryKey? _counted;

    /// <summary>Others' messages after the read mark, at most <see cref="Limits.UnreadMax"/>.</summary>
    public int Unread => Math.Min(Limits.UnreadMax, Summary.Unread + _live.Count);

    /// <summary>Those of the unread that mention the signed-in user or the room.</summary>
    public int Mentions => Math.Min(Limits.UnreadMax, Summary.Mentions + _live.Values.Count(l => l.Mention));

    /// <summary>Up to where the signed-in user has read; null when nothing was.</summary>
    public HistoryKey? ReadMark { get; private set; }

    /// <summary>Whether the summary counts are in doubt: something was read or deleted among messages that are not loaded.</summary>
    internal bool CountsInDoubt { get; private set; }

    /// <summary>The server's answer. Never moves the read mark back: the own mark may still be on its way.</summary>
    internal void Apply(RoomSummary summary)
    {
        Summary = summary;
        CountsInDoubt = false;
        _counted = summary.LastMessage is { } last ? HistoryKey.Of(last) : null;
        if (summary.LastMessage is { } newest)
        {
            Saw(newest);
        }

        foreach (var (id, live) in _live.Where(l => _counted is { } counted && l.Value.Key <= counted).ToList())
        {
            _live.Remove(id);
        }

        var mark = summary.LastReadMessageId is { } read && summary.LastReadAt is { } at ? new HistoryKey(at, read) : (HistoryKey?)null;
        if (ReadMark is { } own && (mark is null || own > mark))
        {
            LowerTo(own);
        }
        else if (mark is { } told)
        {
            ReadMark = told;
            foreach (var (id, _) in _live.Where(l => l.Value.Key <= told).ToList())
            {
                _live.Remove(id);
            }
        }

        Touch();
    }

    /// <summary>The room as all its members see it.</summary>
    internal void Apply(RoomChanged room)
    {
        Summary = Summary with
        {
            Name = room.Name,
            Kind = room.Kind,
            Topic = room.Topic,
            Archived = room.Archived,
            MemberCount = room.MemberCount,
        };
        Touch();
    }

    internal void SetMuted(bool muted)
    {
        Summary = Summary with { Muted = muted };
        Touch();
    }

    /// <summary>A message came in that was not known before; true when it is unread.</summary>
    internal bool Arrived(Message message, bool mention)
    {
        var unread = Count(message, mention);
        Touch();
        return unread;
    }

    /// <summary>A page of them: told once.</summary>
    internal void Arrived(IReadOnlyList<Message> messages, Func<Message, bool> mentions)
    {
        foreach (var message in messages)
        {
            Count(message, mentions(message));
        }

        if (messages.Count > 0)
        {
            Touch();
        }
    }

    private bool Count(Message message, bool mention)
    {
        Saw(message);
        StopTyping(message.Sender);
        var key = HistoryKey.Of(message);
        var unread = message.Sender != _me() && message.DeletedAt is null &&
            !(ReadMark is { } mark && key <= mark) && !(_counted is { } counted && key <= counted);
        return unread && _live.TryAdd(message.Id, (key, mention));
    }

    internal void Apply(MessageChange change)
    {
        if (LastMessage?.Id == change.Id)
        {
            LastMessage = MessageMerge.Apply(LastMessage, change);
        }

        if (change is MessageDeleted && !_live.Remove(change.Id) && Summary.Unread > 0 &&
            !(Timeline.KeyOf(change.Id) is { } key && ReadMark is { } mark && key <= mark))
        {
            CountsInDoubt = true;
        }

        Touch();
    }

    /// <summary>The signed-in user read up to here, in this tab or elsewhere. False when that was known.</summary>
    internal bool MarkRead(HistoryKey upTo)
    {
        if (ReadMark is { } mark && upTo <= mark)
        {
            return false;
        }

        LowerTo(upTo);
        Touch();
        return true;
    }

    internal void MemberRead(string username, HistoryKey upTo)
    {
        if (!_reads.TryGetValue(username, out var mark) || upTo > mark)
        {
            _reads[username] = upTo;
            Touch();
        }
    }

    internal void DoubtCounts() => CountsInDoubt = true;

    internal void SetMembers(IReadOnlyList<RoomMember> members)
    {
        Members = members;
        foreach (var member in members)
        {
            if (member.LastReadMessageId is { } read && (member.LastReadAt is { } at ? new HistoryKey(at, read) : KeyOf(read)) is { } key && (!_reads.TryGetValue(member.Username, out var known) || key > known))
            {
                _reads[member.Username] = key;
            }
        }

        Touch();
    }

    /// <summary>The place of a message that this room knows from anywhere.</summary>
    internal HistoryKey? KeyOf(string messageId) =>
        Timeline.KeyOf(messageId) ?? (_live.TryGetValue(messageId, out var live) ? live.Key : KeyOfNamed(messageId));

    private HistoryKey? KeyOfNamed(string messageId) =>
        LastMessage is { } last && last.Id == messageId ? HistoryKey.Of(last)
        : Summary.LastMessage is { } told && told.Id == messageId ? HistoryKey.Of(told)
        : ReadMark is { } mark && mark.Id == messageId ? mark
        : null;

    /// <summary>Where the divider goes: the first message after the mark that somebody else wrote.</summary>
    internal Message? FirstOfOthersAfter(HistoryKey mark) =>
        Timeline.After(mark).FirstOrDefault(m => m.Sender != _me() && m.DeletedAt is null);

    internal void SetTyping(string username)
    {
        if (username == _me())
        {
            return;
        }

        if (_typing.TryGetValue(username, out var timer))
        {
            timer.Change(TypingLasts, Timeout.InfiniteTimeSpan);
            return;
        }

        _typing[username] = _time.CreateTimer(_ => StopTyping(username), null, TypingLasts, Timeout.InfiniteTimeSpan);
        Typing = [.. Typing, username];
        Touch();
    }

    internal void StopTyping(string username)
    {
        if (_typing.Remove(username, out var timer))
        {
            timer.Dispose();
            Typing = [.. Typing.Where(t => t != username)];
            Touch();
        }
    }

    private void Saw(Message message)
    {
        if (LastMessage is null || MessageMerge.Compare(LastMessage, message) <= 0)
        {
            LastMessage = LastMessage?.Id == message.Id ? MessageMerge.Merge(LastMessage, message) : message;
            LastActivity = message.Timestamp;
        }
    }

    private void LowerTo(HistoryKey upTo)
    {
        ReadMark = upTo;
        foreach (var (id, _) in _live.Where(l => l.Value.Key <= upTo).ToList())
        {
            _live.Remove(id);
        }

        if (Summary.Unread == 0 && Summary.Mentions == 0)
        {
            return;
        }

        if (_counted is not { } counted || upTo >= counted)
        {
            Summary = Summary with { Unread = 0, Mentions = 0 };
        }
        else if (Timeline.Covers(upTo, counted))
        {
            var left = Timeline.After(upTo)
                .TakeWhile(m => HistoryKey.Of(m) <= counted)
                .Where(m => m.Sender != _me() && m.DeletedAt is null)
                .ToList();
            Summary = Summary with
            {
                Unread = Math.Min(Limits.UnreadMax, left.Count),
                Mentions = left.Count(m => m.Mentions.Contains("room") || (_me() is { } me && m.Mentions.Contains(me))),
            };
        }
        else
        {
            CountsInDoubt = true;
        }
    }

    private void Touch()
    {
        Changed?.Invoke();
        SummaryChanged?.Invoke();
    }

    /// <summary>For the store: the list of rooms may look different.</summary>
    internal event Action? SummaryChanged;
}
