using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>
/// The last <see cref="Limits.RecentMessages"/> messages of each room, in <c>room:{id}:messages</c>, newest first; and
/// what numbers them.
/// <para>
/// Guarantee: within one epoch numbers are 1, 2, 3, … without gaps, in the order of appending, and every message that any
/// pod accepted since the epoch began is in the list or was trimmed from its end. An epoch ends when data was lost or
/// when a pod could not append: the pod that notices ends it and appends what it could not, before it appends anything
/// else. Epochs compare ordinally; the later is greater.
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
    /// Applies a change to the message in the list, if it is there (<see cref="MessageMerge.Apply"/>). Concurrent changes are all applied,
    /// however many; that others change the same message is no failure. False: could not, now (it is retried on recovery). True when
    /// done or not in the list.
    /// </summary>
    ValueTask<bool> ApplyAsync(MessageChange change, CancellationToken cancellationToken);

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
/// all of the current epoch with consecutive numbers. <c>ReachesStart</c>: the list also begins with the room's first
/// message ever (never claimed by an implementation that cannot know). <c>Floor</c>: messages from before it may be missing because the
/// epoch began then. <c>Dropped</c>: the latest time of a message that was dropped for newer ones; null when none was.
/// </summary>
public sealed record RecentWindow(
    IReadOnlyList<Message> Messages, long Seq, string Epoch, int ContiguousFrom, bool ReachesStart = false,
    DateTimeOffset Floor = default, DateTimeOffset? Dropped = null);
