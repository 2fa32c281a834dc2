namespace Chat.Contracts;

/// <summary>
/// A message as everybody sees it: in Redis, in the queue, in the archive and on the wire the same field names.
/// Everybody sees a room in (<see cref="Timestamp"/>, <see cref="Id"/>) order, ids compared ordinally.
/// </summary>
public sealed record Message
{
    /// <summary>Derived from sender and client id (<see cref="MessageId"/>); 32 characters.</summary>
    public required string Id { get; init; }

    /// <summary>The sender's username.</summary>
    public required string Sender { get; init; }

    public required string RoomId { get; init; }

    /// <summary>Markdown text as last edited; empty once deleted, and where there are only attachments.</summary>
    public required string Content { get; init; }

    /// <summary>Hybrid logical time in UTC, whole milliseconds.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>
    /// The message's number in its room within <see cref="Epoch"/>. Messages and changes (<see cref="MessageChange.Seq"/>) share the
    /// numbers 1, 2, 3, … without gaps. 0 where Redis was away: such a message orders like any other and says nothing about gaps.
    /// </summary>
    public long Seq { get; init; }

    /// <summary>Which run of numbers <see cref="Seq"/> belongs to; empty where there is none.</summary>
    public string Epoch { get; init; } = "";

    /// <summary>What the sender called it; only the sender can make sense of it.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>The id of the message of the same room that this one answers.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>Usernames mentioned, in order of appearance; <c>room</c> stands for everybody.</summary>
    public IReadOnlyList<string> Mentions { get; init; } = [];

    /// <summary>The message's files, in the sender's order, for good; null when there are none, and once deleted.</summary>
    public IReadOnlyList<Attachment>? Attachments { get; init; }

    public IReadOnlyList<Reaction> Reactions { get; init; } = [];

    public DateTimeOffset? EditedAt { get; init; }

    /// <summary>Set once deleted: content, attachments, mentions and reactions are gone, the place in the order stays.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>
    /// What merging needs and readers may ignore: who switched which emoji on or off, and when. Null when never reacted.
    /// </summary>
    public IReadOnlyList<ReactionState>? ReactionStates { get; init; }

    /// <summary>Breaks the tie between two edits of the same millisecond. Null when never edited.</summary>
    public string? EditId { get; init; }
}

/// <summary>One emoji of a message with the people behind it, in order of their reacting.</summary>
public sealed record Reaction(string Emoji, IReadOnlyList<string> Users);

/// <summary>The last word of one user about one emoji: a last-writer-wins register.</summary>
public sealed record ReactionState(string Emoji, string Username, bool On, DateTimeOffset At);
