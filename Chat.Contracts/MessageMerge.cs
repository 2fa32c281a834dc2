namespace Chat.Contracts;

/// <summary>
/// The one place that says what a message is after changes, on servers and in the browser alike. A message's state is a
/// join semilattice: <see cref="Merge(Message, Message)"/> is commutative, associative and idempotent, and <see cref="Apply"/> is a merge
/// with what the change alone says (Shapiro et al., "Conflict-free Replicated Data Types", 2011).
/// </summary>
public static class MessageMerge
{
    /// <summary>The order of a room.</summary>
    public static IComparer<Message> Order { get; } = Comparer<Message>.Create(Compare);

    public static int Compare(Message a, Message b)
    {
        var byTime = a.Timestamp.CompareTo(b.Timestamp);
        return byTime != 0 ? byTime : string.CompareOrdinal(a.Id, b.Id);
    }

    /// <summary>The message after the change; the same message when the change says nothing new or is about another.</summary>
    public static Message Apply(Message message, MessageChange change)
    {
        if (message.Id != change.Id || message.RoomId != change.RoomId)
        {
            return message;
        }

        return change switch
        {
            MessageEdited edit when Later(edit.At, edit.EditId, message.EditedAt, message.EditId) => Normalize(message with
            {
                Content = edit.Content,
                Mentions = edit.Mentions,
                EditedAt = edit.At,
                EditId = edit.EditId,
            }),
            MessageDeleted deleted => Normalize(message with { DeletedAt = Earlier(message.DeletedAt, deleted.At) }),
            ReactionChanged reaction => Normalize(message with
            {
                ReactionStates = MergeStates(
                    message.ReactionStates, [new ReactionState(reaction.Emoji, reaction.Username, reaction.On, reaction.At)]),
            }),
            _ => message,
        };
    }

    /// <summary>
    /// What two copies of one message say together. A message that was refused and sent again may have got another time: the copy
    /// that Redis numbered counts, of two such the one of the later epoch, else the later one, which is the one that was accepted.
    /// </summary>
    /// <exception cref="ArgumentException">The copies are of different messages.</exception>
    public static Message Merge(Message a, Message b)
    {
        if (a.Id != b.Id)
        {
            throw new ArgumentException($"'{b.Id}' is another message than '{a.Id}'.", nameof(b));
        }

        var byEpoch = string.CompareOrdinal(a.Epoch, b.Epoch);
        var (first, second) = byEpoch > 0 || (byEpoch == 0 && a.Timestamp >= b.Timestamp) ? (a, b) : (b, a);
        var edited = Later(second.EditedAt, second.EditId, first.EditedAt, first.EditId) ? second : first;
        return Normalize(first with
        {
            Content = edited.Content,
            Mentions = edited.Mentions,
            EditedAt = edited.EditedAt,
            EditId = edited.EditId,
            DeletedAt = Earlier(first.DeletedAt, second.DeletedAt),
            ReactionStates = MergeStates(first.ReactionStates, second.ReactionStates),
        });
    }

    /// <summary>Reactions as people see them, from the last word of each: emoji and people in order of first reacting.</summary>
    public static IReadOnlyList<Reaction> Reactions(IReadOnlyList<ReactionState>? states) =>
        states is null
            ? []
            : [.. states.Where(s => s.On)
                .OrderBy(s => s.At).ThenBy(s => s.Username, StringComparer.Ordinal)
                .GroupBy(s => s.Emoji, StringComparer.Ordinal)
                .Select(g => new Reaction(g.Key, [.. g.Select(s => s.Username)]))];

    private static Message Normalize(Message message) => message.DeletedAt is null
        ? message with { Reactions = Reactions(message.ReactionStates) }
        : message with { Content = "", Attachments = null, Mentions = [], Reactions = [], ReactionStates = null, EditedAt = null, EditId = null };

    private static List<ReactionState>? MergeStates(IReadOnlyList<ReactionState>? a, IReadOnlyList<ReactionState>? b)
    {
        if (a is null && b is null)
        {
            return null;
        }

        var latest = new Dictionary<(string, string), ReactionState>();
        foreach (var state in (a ?? []).Concat(b ?? []))
        {
            var key = (state.Emoji, state.Username);
            if (!latest.TryGetValue(key, out var known) || state.At > known.At || (state.At == known.At && state.On))
            {
                latest[key] = state;
            }
        }

        return [.. latest.Values
            .OrderBy(s => s.At)
            .ThenBy(s => s.Username, StringComparer.Ordinal)
            .ThenBy(s => s.Emoji, StringComparer.Ordinal)];
    }

    private static bool Later(DateTimeOffset? at, string? id, DateTimeOffset? thanAt, string? thanId) =>
        at is not null && (thanAt is null || at > thanAt || (at == thanAt && string.CompareOrdinal(id, thanId) > 0));

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) =>
        a is null ? b : b is null || a <= b ? a : b;
}
