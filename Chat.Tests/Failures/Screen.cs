using Chat.Contracts;

namespace Chat.Tests.Failures;

/// <summary>
/// What one person's client shows of one room, kept by the rules that the contract gives to any client: pushes are merged
/// by id, the cursor moves only along consecutive numbers or after a complete catch-up. <c>shown</c> is told of each message's id once.
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

    public void Change(MessageChange change)
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

    /// <summary>Merges a page of a catch-up; when it was the last one and every page was complete, the cursor moves to its end.</summary>
    public void CatchUp(MessagePage page, bool settled)
    {
        lock (_gate)
        {
            foreach (var message in page.Messages)
            {
                Merge(message);
            }

            if (settled)
            {
                if (page.Messages.Count > 0)
                {
                    _contiguous = page.Messages[^1];
                }

                _position = (page.Seq, page.Epoch);
            }
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
