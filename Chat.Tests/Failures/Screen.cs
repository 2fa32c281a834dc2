using Chat.Contracts;

namespace Chat.Tests.Failures;

/// <summary>
/// What one person's client shows of one room, kept by the rules that the contract gives to any client: pushes are merged
/// by id, the cursor moves only along consecutive numbers of messages and changes, or after a complete catch-up. <c>shown</c> is told of
/// each message's id once.
/// </summary>
internal sealed class Screen(string roomId, Action<string> shown)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Message> _messages = [];
    private readonly Dictionary<string, List<MessageChange>> _early = [];
    private Message? _contiguous;
    private (long Seq, string Epoch) _position;

    public string RoomId => roomId;

    /// <summary>Where a catch-up begins: the last contiguous message less 10 s; null before there is one.</summary>
    public string? CatchUpCursor
    {
        get
        {
            lock (_gate)
            {
                return _contiguous is null ? null : $"{_contiguous.Timestamp.AddSeconds(-10).ToUnixTimeMilliseconds()}_{MessageId.For("_", "_")}";
            }
        }
    }

    /// <summary>Up to here every message and every change is known; number 0 and no epoch before that is so.</summary>
    public (long Seq, string Epoch) Position
    {
        get
        {
            lock (_gate)
            {
                return _position;
            }
        }
    }

    public IReadOnlyList<Message> Messages
    {
        get
        {
            lock (_gate)
            {
                return [.. _messages.Values.Order(MessageMerge.Order)];
            }
        }
    }

    /// <summary>False when the push shows that something before it was missed.</summary>
    public bool Receive(Message message)
    {
        lock (_gate)
        {
            var known = !Merge(message);
            if (message.Seq == 0)
            {
                return true;
            }

            if (message.Epoch == _position.Epoch && message.Seq <= _position.Seq)
            {
                return known;
            }

            if (message.Epoch != _position.Epoch || message.Seq != _position.Seq + 1)
            {
                return false;
            }

            _position = (message.Seq, message.Epoch);
            _contiguous = message;
            return true;
        }
    }

    /// <summary>False when the push shows that something before it was missed.</summary>
    public bool Change(MessageChange change)
    {
        lock (_gate)
        {
            Apply(change);
            if (change.Seq == 0 || (change.Epoch == _position.Epoch && change.Seq <= _position.Seq))
            {
                return true;
            }

            if (change.Epoch != _position.Epoch || change.Seq != _position.Seq + 1)
            {
                return false;
            }

            _position = (change.Seq, change.Epoch);
            return true;
        }
    }

    /// <summary>Changes that a catch-up asked for.</summary>
    public void CatchUp(IReadOnlyList<MessageChange> changes)
    {
        lock (_gate)
        {
            foreach (var change in changes)
            {
                Apply(change);
            }
        }
    }

    private void Apply(MessageChange change)
    {
        lock (_gate)
        {
            if (_messages.TryGetValue(change.Id, out var message))
            {
                _messages[change.Id] = MessageMerge.Apply(message, change);
            }
            else
            {
                (_early.TryGetValue(change.Id, out var list) ? list : _early[change.Id] = []).Add(change);
            }
        }
    }

    /// <summary>Merges a page of a catch-up.</summary>
    public void CatchUp(MessagePage page)
    {
        lock (_gate)
        {
            foreach (var message in page.Messages)
            {
                Merge(message);
            }
        }
    }

    /// <summary>The catch-up is over, and every page and the changes were complete: the cursor moves to the end of the last page.</summary>
    public void Settle(MessagePage last)
    {
        lock (_gate)
        {
            if (last.Messages.Count > 0)
            {
                _contiguous = last.Messages[^1];
            }

            _position = (last.Seq, last.Epoch);
        }
    }

    private bool Merge(Message message)
    {
        if (_messages.TryGetValue(message.Id, out var known))
        {
            _messages[message.Id] = MessageMerge.Merge(known, message);
            return false;
        }

        if (_early.Remove(message.Id, out var changes))
        {
            message = changes.Aggregate(message, MessageMerge.Apply);
        }

        _messages[message.Id] = message;
        shown(message.Id);
        return true;
    }
}
