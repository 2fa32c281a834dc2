using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>
/// The last <see cref="Limits.RecentMessages"/> messages of each room, in <c>room:{id}:messages</c>, newest first; its last
/// <see cref="Limits.RecentChanges"/> changes; and what numbers both.
/// <para>
/// Guarantee: within one epoch numbers are 1, 2, 3, … without gaps, in the order in which messages were appended and changes applied.
/// Every message that any pod accepted since the epoch began is in the list or was trimmed from its end, and so is every change in its
/// own list. An epoch ends when data was lost or when a pod could not append or apply something: the pod that notices ends it and makes
/// up for what it could not do, before it does anything else. Epochs compare ordinally; the later is greater.
/// </para>
/// <para>
/// Failure: never throws for an absent or slow server, never waits longer than <c>RecentOptions.Timeout</c> for one answer of it, and
/// while the server is known to be away answers at once. What was not appended is remembered (bounded) and appended on
/// recovery, unchanged in timestamp.
/// </para>
/// <para>
/// Damage: keys of a wrong type, or with content that makes no sense, cost their room its cache and nothing else. The call that meets them
/// removes them, begins a later epoch and is then carried out. Where the server refuses even that, the answer is as from a server that
/// could not, for this room alone.
/// </para>
/// </summary>
public interface IRecentMessages
{
    /// <summary>False while the server is known to be away.</summary>
    bool IsAvailable { get; }

    /// <summary>
    /// In one round trip: append, trim, number, and publish a <see cref="Pods.MessageArrived"/> to the other pods.
    /// A message whose id was appended before (within the last hour at least) is not appended, numbered or published
    /// again: the answer says so and gives what it got then. Null: could not, now.
    /// </summary>
    ValueTask<Appended?> AppendAsync(Message message, CancellationToken cancellationToken);

    /// <summary>
    /// In one step: applies a change to the message in the list, if it is there (<see cref="MessageMerge.Apply"/>), numbers the change,
    /// keeps it, and publishes a <see cref="Pods.MessageWasChanged"/> to the other pods. Concurrent changes are all applied, however many;
    /// that others change the same message is no failure. The answer is the change with its number. Null: could not, now; it is retried
    /// on recovery.
    /// </summary>
    ValueTask<MessageChange?> ApplyAsync(MessageChange change, CancellationToken cancellationToken);

    /// <summary>
    /// Like <see cref="ApplyAsync"/>, for a change that another pod could not number. Whoever hears of it calls this: the first gives the
    /// number, the others learn it.
    /// </summary>
    ValueTask<MessageChange?> ApplyAgainAsync(MessageChange change, CancellationToken cancellationToken);

    /// <summary>The room's changes after a number of an epoch. Null: could not.</summary>
    /// <param name="roomId">The room.</param>
    /// <param name="epoch">The epoch that the number is of.</param>
    /// <param name="since">The number; 0 or greater.</param>
    /// <param name="cancellationToken">Cancels before the call is made.</param>
    ValueTask<RecentChanges?> ReadChangesAsync(string roomId, string epoch, long since, CancellationToken cancellationToken);

    /// <summary>Those of the room's kept changes that are of these messages, in no certain order. Null: could not.</summary>
    ValueTask<IReadOnlyList<MessageChange>?> FindChangesAsync(
        string roomId, IReadOnlyCollection<string> ids, CancellationToken cancellationToken);

    /// <summary>The room's list in room order, oldest first. Null: could not.</summary>
    ValueTask<RecentWindow?> ReadAsync(string roomId, CancellationToken cancellationToken);

    /// <summary>One message of the room's list, without reading the others. Null: could not.</summary>
    ValueTask<RecentMessage?> FindAsync(string roomId, string id, CancellationToken cancellationToken);

    /// <summary>
    /// The newest message of each of the rooms, in one round trip. Rooms without one, or whose list cannot be read, are left out.
    /// Null: could not.
    /// </summary>
    ValueTask<IReadOnlyDictionary<string, Message>?> ReadNewestAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken);

    /// <summary>
    /// The lists of several rooms as <see cref="ReadAsync"/> reads them, but of what is older than a time of each room at most one entry,
    /// which shows whether the list reaches back to that time. One round trip for each hundred rooms. Rooms whose list cannot be read
    /// are left out. Null: could not.
    /// </summary>
    ValueTask<IReadOnlyDictionary<string, RecentWindow>?> ReadSinceAsync(
        IReadOnlyDictionary<string, DateTimeOffset> times, CancellationToken cancellationToken);

    /// <summary>Forgets a room (it was deleted, or its messages were erased). Best effort.</summary>
    ValueTask RemoveRoomAsync(string roomId, CancellationToken cancellationToken);
}

/// <summary>What appending gave: when a <c>Duplicate</c>, what the first time gave.</summary>
public sealed record Appended(bool Duplicate, DateTimeOffset Timestamp, long Seq, string Epoch);

/// <summary>What a room's list says about one message; null when it is not in the list.</summary>
public sealed record RecentMessage(Message? Message);

/// <summary>
/// A room's recent messages, oldest first. <c>Contiguous</c> says from which index on they are proven without a hole:
/// they are all messages of the current epoch from there on. <c>ReachesStart</c>: the list also begins with the room's first
/// message ever (never claimed by an implementation that cannot know). <c>Floor</c>: messages from before it may be missing because the
/// epoch began then. <c>Dropped</c>: the latest time of a message that was dropped for newer ones; null when none was.
/// </summary>
public sealed record RecentWindow(
    IReadOnlyList<Message> Messages, long Seq, string Epoch, int ContiguousFrom, bool ReachesStart = false,
    DateTimeOffset Floor = default, DateTimeOffset? Dropped = null)
{
    /// <summary>Every change of the epoch has a number: no pod of an older version began it.</summary>
    public bool AllChangesNumbered { get; init; }

    /// <summary>Whether changes were numbered in the epoch.</summary>
    public bool HasChanges { get; init; }

    /// <summary>
    /// The kept changes are all that were numbered since this time; null when they are all of the epoch.
    /// <see cref="DateTimeOffset.MaxValue"/> when none can be counted on.
    /// </summary>
    public DateTimeOffset? ChangesFrom { get; init; }
}

/// <summary>A room's changes after a number, in the order of their numbers.</summary>
/// <param name="Changes">The changes.</param>
/// <param name="Seq">The room's newest number when they were read.</param>
/// <param name="Epoch">The room's epoch when they were read; empty when there is none.</param>
/// <param name="IsComplete">Whether these are proved to be all changes after the number.</param>
public sealed record RecentChanges(IReadOnlyList<MessageChange> Changes, long Seq, string Epoch, bool IsComplete);
