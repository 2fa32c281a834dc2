using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>How far a message of one's own got.</summary>
public enum SendState
{
    /// <summary>The server has it: everybody's messages, and one's own after the acknowledgement.</summary>
    Sent,

    /// <summary>Kept in this browser, waiting for its turn or for the connection.</summary>
    Queued,

    /// <summary>On its way.</summary>
    Sending,

    /// <summary>Refused for good, kept until its author sends it again or discards it.</summary>
    Failed,
}

/// <summary>
/// A message as the list shows it, with what its reader did to it that is still on its way. Immutable; the same
/// reference as long as nothing of it changed, so a component may skip rendering by comparing references.
/// </summary>
public sealed record TimelineItem(Message Message)
{
    /// <summary>Stable from the first echo to the last edit: what a list keys its rows by.</summary>
    public string Id => Message.Id;

    public SendState State { get; init; } = SendState.Sent;

    /// <summary>Why it failed (<see cref="ErrorCodes"/>), or why sending is taking longer.</summary>
    public string? Code { get; init; }

    /// <summary>An edit, deletion or reaction of one's own is shown that the server has not confirmed yet.</summary>
    public bool Pending { get; init; }

    /// <summary>An edit, deletion or reaction of one's own was refused for good: its outbox id, for retry and discard.</summary>
    public string? FailedChangeId { get; init; }

    /// <summary>Why that change was refused.</summary>
    public string? FailedChangeCode { get; init; }
}

/// <summary>The part of a room's history that is on screen: one run without holes.</summary>
/// <param name="Items">In room order; where <see cref="AtEnd"/>, one's own unsent messages come last.</param>
/// <param name="HasOlder">There is more before: <c>LoadOlderAsync</c>.</param>
/// <param name="HasNewer">There is more after (the reader jumped back): <c>LoadNewerAsync</c>, or <c>JumpToNewestAsync</c>.</param>
/// <param name="Loaded">Something is known of the room, from the server or from the local copy. Until then: skeletons.</param>
public sealed record TimelineView(IReadOnlyList<TimelineItem> Items, bool HasOlder, bool HasNewer, bool Loaded)
{
    public static TimelineView Empty { get; } = new([], HasOlder: false, HasNewer: false, Loaded: false);

    /// <summary>The newest message of the room is the last one here.</summary>
    public bool AtEnd => !HasNewer;
}
