using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>
/// A run of a room's history without holes: every message from <see cref="Low"/> to <see cref="High"/>, both included.
/// <see cref="HistoryKey.Start"/> and <see cref="HistoryKey.End"/> stand for the beginning of the room and for the live end.
/// </summary>
internal sealed class Segment(HistoryKey low, HistoryKey high)
{
    public HistoryKey Low { get; set; } = low;

    public HistoryKey High { get; set; } = high;

    /// <summary>In room order.</summary>
    public List<Message> Messages { get; private set; } = [];

    public bool IsLive => High == HistoryKey.End;

    public bool Covers(HistoryKey key) => Low <= key && key <= High;

    public bool Touches(HistoryKey low, HistoryKey high) => Low <= high && low <= High;

    /// <summary>The index of the first message at or after the key.</summary>
    public int IndexOf(HistoryKey key)
    {
        var (from, to) = (0, Messages.Count);
        while (from < to)
        {
            var middle = (from + to) >>> 1;
            if (HistoryKey.Of(Messages[middle]) < key)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        return from;
    }

    /// <summary>Puts a message that is not here yet into its place.</summary>
    public void Insert(Message message)
    {
        if (Messages.Count == 0 || MessageMerge.Compare(Messages[^1], message) < 0)
        {
            Messages.Add(message);
        }
        else
        {
            Messages.Insert(IndexOf(HistoryKey.Of(message)), message);
        }
    }

    public void Remove(Message message) => Messages.RemoveAt(IndexOf(HistoryKey.Of(message)));

    public void Replace(Message message) => Messages[IndexOf(HistoryKey.Of(message))] = message;

    /// <summary>Takes over what another run has; ids of the two are disjoint.</summary>
    public void Absorb(Segment other)
    {
        Low = HistoryKey.Min(Low, other.Low);
        High = HistoryKey.Max(High, other.High);
        var merged = new List<Message>(Messages.Count + other.Messages.Count);
        var (i, j) = (0, 0);
        while (i < Messages.Count || j < other.Messages.Count)
        {
            var mine = j == other.Messages.Count ||
                (i < Messages.Count && MessageMerge.Compare(Messages[i], other.Messages[j]) < 0);
            merged.Add(mine ? Messages[i++] : other.Messages[j++]);
        }

        Messages = merged;
    }

    /// <summary>Keeps the given messages only, and claims no more than them where something was cut off; what was cut off.</summary>
    public IReadOnlyList<Message> Keep(int from, int count)
    {
        var cut = Messages.Take(from).Concat(Messages.Skip(from + count)).ToList();
        var kept = Messages.GetRange(from, count);
        if (from > 0)
        {
            Low = count > 0 ? HistoryKey.Of(kept[0]) : High;
        }

        if (from + count < Messages.Count)
        {
            High = count > 0 ? HistoryKey.Of(kept[^1]) : Low;
        }

        Messages = kept;
        return cut;
    }
}
