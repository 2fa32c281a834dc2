using Chat.Contracts;

namespace Chat.Backends.Archive;

/// <summary>
/// Counts what this process saves, of each room and of each room's mentions, and says when a milestone is due: with the first message of a
/// room and then with every <see cref="Milestones.Step"/>th. What it counted since the last milestone is lost with the process; then the
/// next milestone counts too few messages, which costs a query some reading and is no error.
/// </summary>
internal sealed class MilestoneCounter
{
    /// <summary>Counted keys; when there are more, counting begins again.</summary>
    private const int Capacity = 50_000;
    private readonly Lock _sync = new();
    private readonly Dictionary<string, Milestone> _counted = new(StringComparer.Ordinal);

    /// <summary>The milestones that are due now, with their keys.</summary>
    public IReadOnlyList<(string RoomId, string Key, Milestone Milestone)> Add(IEnumerable<Message> messages)
    {
        var due = new List<(string, string, Milestone)>();
        lock (_sync)
        {
            foreach (var message in messages)
            {
                Add(message, message.RoomId, isFirstDue: true, due);
                foreach (var name in message.Mentions)
                {
                    Add(message, MongoMilestones.Mentions(message.RoomId, name), isFirstDue: false, due);
                }
            }
        }

        return due;
    }

    private void Add(Message message, string key, bool isFirstDue, List<(string RoomId, string Key, Milestone Milestone)> due)
    {
        var at = message.Timestamp.UtcDateTime;
        var isKnown = _counted.TryGetValue(key, out var run);
        run = run.Count == 0 ? new Milestone(at, 1) : new Milestone(run.At <= at ? run.At : at, run.Count + 1);
        if (run.Count >= Milestones.Step || (isFirstDue && !isKnown))
        {
            due.Add((message.RoomId, key, run));
            run = default;
        }

        if (!isKnown && _counted.Count >= Capacity)
        {
            _counted.Clear();
        }

        _counted[key] = run;
    }
}
