namespace Chat.Backends.Archive;

/// <summary>
/// Where a room's newest messages begin, counted roughly: a list of times, oldest first, each with how many messages were saved that are
/// not older than it and belong to no other milestone. So the counts from a milestone on, added up, are a lower bound of the messages from
/// there on. Milestones only say where a query should begin to read; a message that no milestone counts is found all the same.
/// </summary>
internal sealed class Milestones
{
    /// <summary>Messages of one milestone near the end of the room. Farther back there are fewer milestones.</summary>
    public const int Step = 32;

    /// <summary>A milestone may count this part of the messages that came after it.</summary>
    private const int Fraction = 8;

    /// <param name="list">Oldest first.</param>
    public Milestones(IReadOnlyList<Milestone> list) => List = list;

    public static Milestones None { get; } = new([]);

    public IReadOnlyList<Milestone> List { get; }

    /// <summary>From here on it is not far to the room's end; null while nothing was saved.</summary>
    public DateTime? Newest => List.Count == 0 ? null : List[^1].At;

    /// <summary>With more milestones; those that are farther back than <paramref name="reach"/> messages are left out.</summary>
    public static Milestones Of(IEnumerable<Milestone> milestones, int reach)
    {
        var kept = new List<Milestone>();
        var after = 0;
        var last = 0;
        foreach (var milestone in milestones.OrderByDescending(m => m.At))
        {
            if (after + last >= reach)
            {
                break;
            }

            if (kept.Count > 0 && last + milestone.Count <= Math.Max(Step, after / Fraction))
            {
                last += milestone.Count;
                kept[^1] = new Milestone(milestone.At, last);
                continue;
            }

            after += last;
            last = milestone.Count;
            kept.Add(milestone);
        }

        kept.Reverse();
        return new Milestones(kept);
    }

    /// <summary>The latest known time after which there are at least <paramref name="count"/> messages; null: none is known.</summary>
    public DateTime? Before(int count)
    {
        var counted = 0;
        for (var i = List.Count - 1; i >= 0; i--)
        {
            counted += List[i].Count;
            if (counted >= count)
            {
                return List[i].At;
            }
        }

        return null;
    }
}

/// <summary>So many messages that are not older than this.</summary>
internal readonly record struct Milestone(DateTime At, int Count);
