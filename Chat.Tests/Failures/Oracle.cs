using Chat.Contracts;

namespace Chat.Tests.Failures;

/// <summary>What went wrong, in counts; all zero and empty when every promise was kept.</summary>
internal sealed record Verdict(int Accepted, int Stored, int ShownByAll, int Lost, int Duplicated, int Misordered, int ChangesLost, IReadOnlyList<string> Findings)
{
    public bool Kept => Lost == 0 && Duplicated == 0 && Misordered == 0 && ChangesLost == 0 && Findings.Count == 0;
}

/// <summary>What somebody's screen shows of one room, in room order: everything from the oldest message that it read on.</summary>
internal sealed record ShownRoom(string Who, string RoomId, IReadOnlyList<Message> Messages)
{
    /// <summary>Whether the message belongs to what must be shown.</summary>
    public bool Reaches(Message message) => Messages.Count == 0 || MessageMerge.Compare(message, Messages[0]) >= 0;
}

/// <summary>
/// Compares three sets once everything is quiet: acknowledged to senders, saved in the database, shown by every receiver.
/// Every finding names the message, so that logs can be searched for it.
/// </summary>
internal static class Oracle
{
    public static Verdict Judge(
        IReadOnlyList<Participant> people, IReadOnlyList<string> rooms, IReadOnlyDictionary<string, IReadOnlyList<Message>> stored,
        IReadOnlyDictionary<(string Reader, string Room), IReadOnlyList<Message>> histories, IEnumerable<ShownRoom>? others = null)
    {
        var shownToOthers = (others ?? []).ToLookup(s => s.RoomId);
        var findings = new List<string>();
        var lost = new HashSet<string>();
        var duplicated = new HashSet<string>();
        var misordered = 0;
        var changesLost = 0;
        var accepted = people.SelectMany(p => p.Accepted).ToDictionary(a => a.Key, a => a.Value);
        var everything = stored.Values.SelectMany(m => m).ToDictionary(m => m.Id);

        foreach (var (id, content) in accepted)
        {
            if (!everything.TryGetValue(id, out _))
            {
                lost.Add(id);
                findings.Add($"accepted and not saved: {id} '{content}'");
            }
        }

        foreach (var room in rooms)
        {
            var truth = stored[room];
            var views = people.Select(p => (Who: $"{p.Username}'s screen", p.ScreenOf(room).Messages, Truth: truth))
                .Concat(shownToOthers[room].Select(s => (s.Who, s.Messages, Truth: (IReadOnlyList<Message>)[.. truth.Where(s.Reaches)])))
                .Concat(histories
                    .Where(h => h.Key.Room == room)
                    .Select(h => (Who: $"history by {h.Key.Reader}", Messages: h.Value, Truth: truth)));
            foreach (var (who, shown, whole) in views)
            {
                var ids = shown.Select(m => m.Id).ToList();
                foreach (var missing in whole.Where(m => accepted.ContainsKey(m.Id)).Select(m => m.Id).Except(ids))
                {
                    lost.Add(missing);
                    findings.Add($"not on {who} in {room}: {missing}");
                }

                foreach (var twice in shown.GroupBy(m => (m.Sender, m.ClientId)).Where(g => g.Count() > 1))
                {
                    duplicated.Add(twice.First().Id);
                    findings.Add($"twice on {who} in {room}: {twice.First().Id}");
                }

                var known = ids.ToHashSet();
                var order = truth.Select(m => m.Id).Where(known.Contains).ToList();
                if (!order.SequenceEqual(ids.Where(everything.ContainsKey)))
                {
                    misordered++;
                    var at = order.Zip(ids).TakeWhile(p => p.First == p.Second).Count();
                    findings.Add($"another order on {who} in {room} from place {at} on: {ids.ElementAtOrDefault(at)}, saved as {order.ElementAtOrDefault(at)}");
                    findings.AddRange(shown.Join(truth, m => m.Id, m => m.Id, (m, t) => (m, t)).Where(x => x.m.Timestamp != x.t.Timestamp)
                        .Select(x => $"  {x.m.Id} by {x.m.Sender} at {x.m.Timestamp:mm:ss.fff}, saved as of {x.t.Timestamp:mm:ss.fff}"));
                }

                foreach (var (message, truthful) in shown.Join(truth, m => m.Id, m => m.Id, (m, t) => (m, t)))
                {
                    if (message.Content != truthful.Content || message.DeletedAt != truthful.DeletedAt || ReactionsOf(message) != ReactionsOf(truthful))
                    {
                        changesLost++;
                        findings.Add($"changed otherwise on {who} in {room}: {message.Id} '{message.Content}' {ReactionsOf(message)}, saved as '{truthful.Content}' {ReactionsOf(truthful)}");
                    }
                }
            }

            foreach (var twice in truth.GroupBy(m => (m.Sender, m.ClientId)).Where(g => g.Count() > 1))
            {
                duplicated.Add(twice.First().Id);
                findings.Add($"saved twice: {twice.First().Id}");
            }
        }

        foreach (var person in people)
        {
            foreach (var (id, content) in person.AcceptedEdits)
            {
                if (everything.TryGetValue(id, out var message) && message.Content != content)
                {
                    changesLost++;
                    findings.Add($"accepted edit not saved: {id} '{content}'");
                }
            }

            foreach (var (id, emoji) in person.AcceptedReactions.Keys)
            {
                if (everything.TryGetValue(id, out var message) && !message.Reactions.Any(r => r.Emoji == emoji && r.Users.Contains(person.Username)))
                {
                    changesLost++;
                    findings.Add($"accepted reaction not saved: {id} {emoji} by {person.Username}");
                }
            }
        }

        var screens = people.Select(p => rooms.SelectMany(room => p.ScreenOf(room).Messages).Select(m => m.Id).ToHashSet()).ToList();
        var missedByOthers = rooms
            .SelectMany(room => shownToOthers[room]
                .SelectMany(s => stored[room].Where(s.Reaches).ExceptBy(s.Messages.Select(m => m.Id), m => m.Id)))
            .Select(m => m.Id).ToHashSet();
        var shownByAll = accepted.Keys.Count(id => screens.TrueForAll(screen => screen.Contains(id)) && !missedByOthers.Contains(id));
        return new Verdict(accepted.Count, everything.Count, shownByAll, lost.Count, duplicated.Count, misordered, changesLost, findings);
    }

    private static string ReactionsOf(Message message) =>
        string.Join(' ', message.Reactions.Select(r => $"{r.Emoji}{string.Join(',', r.Users)}"));
}
