using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>
/// How far a room is known without a hole, by the rules of docs/architecture.md: it moves only along consecutive numbers
/// of one epoch, or after a catch-up that answered complete. Unnumbered messages move nothing. Never moves back.
/// </summary>
public sealed class ContiguousCursor
{
    /// <summary>Numbered messages that came in beyond the contiguous one, of <see cref="_aheadEpoch"/>.</summary>
    private readonly SortedDictionary<long, HistoryKey> _ahead = [];
    private string _aheadEpoch = "";

    /// <summary>The last contiguous message; null before anything is known for sure.</summary>
    public HistoryKey? Last { get; private set; }

    public string Epoch { get; private set; } = "";

    public long Seq { get; private set; }

    /// <summary>Something came in that shows that something before it did not.</summary>
    public bool HasGap => _ahead.Count > 0;

    /// <summary>A later epoch than the known one shows the gap: perhaps nothing is missing.</summary>
    public bool HasNewEpoch => _ahead.Count > 0 && Epoch.Length > 0 && _aheadEpoch != Epoch;

    /// <summary>A message came in, pushed or acknowledged.</summary>
    public void Received(Message message)
    {
        if (message.Seq <= 0 || message.Epoch.Length == 0 || Last is null)
        {
            return;
        }

        var newer = string.CompareOrdinal(message.Epoch, Epoch);
        if (newer < 0 || (newer == 0 && message.Seq <= Seq))
        {
            return;
        }

        var known = string.CompareOrdinal(message.Epoch, _aheadEpoch);
        if (known > 0)
        {
            _ahead.Clear();
            _aheadEpoch = message.Epoch;
        }

        if (known >= 0)
        {
            _ahead[message.Seq] = HistoryKey.Of(message);
            Drain();
        }
    }

    /// <summary>A catch-up answered complete up to this message; epoch and number are the room's newest when it was read.</summary>
    public void CaughtUp(HistoryKey? last, string epoch, long seq)
    {
        if (last is { } key && (Last is null || key > Last))
        {
            Last = key;
        }

        Last ??= HistoryKey.Start;
        var newer = string.CompareOrdinal(epoch, Epoch);
        if (epoch.Length > 0 && (newer > 0 || (newer == 0 && seq > Seq)))
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
    public void ForgetAhead() => _ahead.Clear();

    private void Drain()
    {
        while (_aheadEpoch == Epoch && _ahead.Count > 0)
        {
            var (seq, key) = _ahead.First();
            if (seq > Seq + 1)
            {
                return;
            }

            _ahead.Remove(seq);
            if (seq == Seq + 1)
            {
                Seq = seq;
                Last = Last is { } last ? HistoryKey.Max(last, key) : key;
            }
        }
    }
}
