using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>
/// How far a room is known without a hole, by the rules of docs/architecture.md. Messages and changes share the numbers of an epoch. The
/// cursor moves only along consecutive numbers of one epoch, or after a catch-up that answered complete. What has no number moves
/// nothing. Never moves back.
/// </summary>
public sealed class ContiguousCursor
{
    // Numbers that came in beyond the contiguous one, of _aheadEpoch; with a place where they are messages.
    private readonly SortedDictionary<long, HistoryKey?> _ahead = [];
    private string _aheadEpoch = "";

    // The newest number that a page named: it exists, but what it stands for may not have come in.
    private (string Epoch, long Seq) _named = ("", 0);

    /// <summary>The last contiguous message; null before anything is known for sure.</summary>
    public HistoryKey? Last { get; private set; }

    public string Epoch { get; private set; } = "";

    public long Seq { get; private set; }

    /// <summary>Something came in that shows that something before it did not.</summary>
    public bool HasGap => _ahead.Count > 0 || IsBeyond(_named.Epoch, _named.Seq);

    /// <summary>A later epoch than the known one shows the gap: perhaps nothing is missing.</summary>
    public bool HasNewEpoch =>
        Epoch.Length > 0 && ((_ahead.Count > 0 && _aheadEpoch != Epoch) || string.CompareOrdinal(_named.Epoch, Epoch) > 0);

    /// <summary>A message came in, pushed, acknowledged or read.</summary>
    public void Received(Message message) => Received(message.Epoch, message.Seq, HistoryKey.Of(message));

    /// <summary>A change came in, pushed or read.</summary>
    public void Received(MessageChange change) => Received(change.Epoch, change.Seq, null);

    /// <summary>
    /// A page that answered complete reaches the room's end, so every message up to its last is known. Changes of other messages up to its
    /// number may be missing; the first page of all has nothing before it.
    /// </summary>
    public void Read(HistoryKey? last, string epoch, long seq)
    {
        if (Last is null)
        {
            CaughtUp(last, epoch, seq);
            return;
        }

        Reach(last);
        if (IsBeyond(epoch, seq))
        {
            _named = (epoch, seq);
        }
    }

    /// <summary>Every message up to this one, and every change up to this number, is known or will be read again.</summary>
    public void CaughtUp(HistoryKey? last, string epoch, long seq)
    {
        Reach(last);
        if (IsBeyond(epoch, seq))
        {
            (Epoch, Seq) = (epoch, seq);
        }

        if (string.CompareOrdinal(Epoch, _aheadEpoch) > 0)
        {
            _ahead.Clear();
            _aheadEpoch = Epoch;
        }

        Drain();
    }

    /// <summary>
    /// The numbers that showed the gap are no longer the server's: it lost them, and history has answered complete again
    /// and again since. What comes next in a new epoch is caught up from the last contiguous message as always.
    /// </summary>
    public void ForgetAhead()
    {
        _ahead.Clear();
        _named = ("", 0);
    }

    private void Received(string epoch, long seq, HistoryKey? place)
    {
        if (seq <= 0 || epoch.Length == 0 || Last is null || !IsBeyond(epoch, seq))
        {
            return;
        }

        var known = string.CompareOrdinal(epoch, _aheadEpoch);
        if (known > 0)
        {
            _ahead.Clear();
            _aheadEpoch = epoch;
        }

        if (known >= 0)
        {
            _ahead[seq] = place;
            Drain();
        }
    }

    private bool IsBeyond(string epoch, long seq)
    {
        var newer = string.CompareOrdinal(epoch, Epoch);
        return epoch.Length > 0 && (newer > 0 || (newer == 0 && seq > Seq));
    }

    private void Reach(HistoryKey? last)
    {
        if (last is { } key && (Last is null || key > Last))
        {
            Last = key;
        }

        Last ??= HistoryKey.Start;
    }

    private void Drain()
    {
        while (_aheadEpoch == Epoch && _ahead.Count > 0)
        {
            var (seq, place) = _ahead.First();
            if (seq > Seq + 1)
            {
                return;
            }

            _ahead.Remove(seq);
            if (seq == Seq + 1)
            {
                Seq = seq;
                if (place is { } key)
                {
                    Reach(key);
                }
            }
        }
    }
}
