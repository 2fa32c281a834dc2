using System.Globalization;
using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Failures;

/// <summary>
/// One room on one socket's screen, with the browser's own cursor for what is missing, and how its catching up stands. A connection is a
/// number that grows: what an earlier one began, a later one need not wait for.
/// </summary>
internal sealed class CrowdRoom(string id)
{
    /// <summary>Pods' clocks differ a little, so a message may sort before the last contiguous one.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Message> _messages = [];
    private readonly ContiguousCursor _cursor = new();
    private Message? _oldest;
    private DateTimeOffset _newest;
    private int _catchingUp;
    private bool _again;

    public string Id => id;

    /// <summary>In room order, from the first message on that the first whole page had.</summary>
    public IReadOnlyList<Message> Messages
    {
        get
        {
            lock (_gate)
            {
                return [.. _messages.Values.Where(m => _oldest is null || MessageMerge.Compare(m, _oldest) >= 0).Order(MessageMerge.Order)];
            }
        }
    }

    /// <summary>Where a catch-up begins; null before anything was read, or while the room is empty.</summary>
    public HistoryKey? CatchUpFrom
    {
        get
        {
            lock (_gate)
            {
                return _cursor.Last is { } last && last != HistoryKey.Start ? HistoryKey.At(last.Timestamp - Overlap) : null;
            }
        }
    }

    /// <summary>Nothing is known to be missing or being looked for, and a message that was sent after the time is on the screen.</summary>
    public bool IsWholeSince(DateTimeOffset time)
    {
        lock (_gate)
        {
            return _catchingUp == 0 && !_cursor.HasGap && _newest > time;
        }
    }

    /// <summary>What shows the gap is a new epoch.</summary>
    public bool HasNewEpoch
    {
        get
        {
            lock (_gate)
            {
                return _cursor.HasNewEpoch;
            }
        }
    }

    /// <summary>False when the push shows that something before it was missed.</summary>
    public bool Receive(Message message)
    {
        lock (_gate)
        {
            Merge(message);
            _cursor.Received(message);
            return !_cursor.HasGap;
        }
    }

    /// <summary>Takes a page; <c>complete</c>: it and those before it were, and it is the last one.</summary>
    public void Take(MessagePage page, bool complete)
    {
        lock (_gate)
        {
            foreach (var message in page.Messages)
            {
                Merge(message);
            }

            if (!complete)
            {
                return;
            }

            if (_cursor.Last is null && page is { HasMoreBefore: true, Messages: [var oldest, ..] })
            {
                // The first page that is known to be whole: what was read before it may have holes.
                _oldest = oldest;
            }

            // Nobody edits or reacts in this room, so the page's number stands for messages alone.
            _cursor.CaughtUp(page.Messages.Count > 0 ? HistoryKey.Of(page.Messages[^1]) : null, page.Epoch, page.Seq);
        }
    }

    /// <summary>The server has lost the numbers that showed a gap; everything that was accepted was in the complete answers.</summary>
    public void ForgetAhead()
    {
        lock (_gate)
        {
            _cursor.ForgetAhead();
        }
    }

    /// <summary>False when the connection is catching up already; then it does so again if that is wanted.</summary>
    public bool TryBegin(int connection, bool again)
    {
        lock (_gate)
        {
            if (_catchingUp == connection)
            {
                _again |= again;
                return false;
            }

            (_catchingUp, _again) = (connection, false);
            return true;
        }
    }

    /// <summary>Another attempt begins, which serves everything that was asked for until now.</summary>
    public void BeginAttempt()
    {
        lock (_gate)
        {
            _again = false;
        }
    }

    /// <summary>Ends the connection's catching up, unless something is missing or was asked for meanwhile.</summary>
    public bool TryEnd(int connection, bool healed)
    {
        lock (_gate)
        {
            if (_catchingUp == connection && (!healed || _again || _cursor.HasGap))
            {
                return false;
            }

            End(connection);
            return true;
        }
    }

    /// <summary>The connection is gone; the next one catches up anew.</summary>
    public void Abandon(int connection)
    {
        lock (_gate)
        {
            End(connection);
        }
    }

    /// <summary>Catching up was asked for again since the attempt began.</summary>
    public bool IsAskedAgain
    {
        get
        {
            lock (_gate)
            {
                return _again;
            }
        }
    }

    public override string ToString()
    {
        lock (_gate)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{id} until {_newest:HH:mm:ss.fff}{(_cursor.HasGap ? ", a gap" : "")}{(_catchingUp > 0 ? ", catching up" : "")}");
        }
    }

    private void End(int connection)
    {
        if (_catchingUp == connection)
        {
            (_catchingUp, _again) = (0, false);
        }
    }

    private void Merge(Message message)
    {
        _messages[message.Id] = _messages.TryGetValue(message.Id, out var known) ? MessageMerge.Merge(known, message) : message;
        _newest = message.Timestamp > _newest ? message.Timestamp : _newest;
    }
}
