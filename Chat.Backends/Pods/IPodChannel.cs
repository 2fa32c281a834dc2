using System.Text.Json.Serialization;
using Chat.Contracts;

namespace Chat.Backends.Pods;

/// <summary>
/// The path between the API's pods. What a pod publishes reaches every other pod that subscribes to the event's room (or
/// every pod, for events without one), at most once each, and never the publishing pod itself. It goes through Redis; while
/// Redis is unavailable, through the broker. Events of one pod for one room arrive in the order in which they were published, and so
/// do those for every pod; the next one is handed on when the handler has finished with the one before. Between pods, and between
/// rooms, there is no order. Events may be lost: after any interruption in which this pod may have missed something the channel
/// hands itself a <see cref="ResyncNeeded"/>.
/// </summary>
public interface IPodChannel
{
    /// <summary>Unique to this process.</summary>
    string PodId { get; }

    /// <summary>Which way events go at present: <c>redis</c>, <c>broker</c> or <c>none</c>.</summary>
    string Path { get; }

    /// <summary>
    /// Called once, before anything arrives. The handler does not throw and does not wait for clients: while it works, later events
    /// of the same room wait.
    /// </summary>
    void OnEvent(Func<PodEvent, Task> handler);

    /// <summary>From now on the room's events arrive. Completes when subscribed, or at once while every path is away (it is made up for later).</summary>
    Task SubscribeAsync(string roomId, CancellationToken cancellationToken);

    Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken);

    /// <summary>
    /// Never throws for an absent server; false when no path took it. Not used for a new message, or a change, that Redis took:
    /// appending and applying publish it.
    /// </summary>
    ValueTask<bool> PublishAsync(PodEvent podEvent, CancellationToken cancellationToken);
}

/// <summary>What one pod tells the others.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(MessageArrived), "message")]
[JsonDerivedType(typeof(MessageWasChanged), "change")]
[JsonDerivedType(typeof(SomebodyTypes), "typing")]
[JsonDerivedType(typeof(ReadMarkMoved), "read")]
[JsonDerivedType(typeof(RoomWasChanged), "room")]
[JsonDerivedType(typeof(MembershipChanged), "membership")]
[JsonDerivedType(typeof(PresenceChanged), "presence")]
[JsonDerivedType(typeof(SessionsEnded), "sessions")]
[JsonDerivedType(typeof(ResyncNeeded), "resync")]
public abstract record PodEvent
{
    /// <summary>Drops what came by two paths.</summary>
    public string EventId { get; init; } = Guid.NewGuid().ToString("N");

    /// <summary>The room whose subscribers get it; null: every pod.</summary>
    [JsonIgnore]
    public abstract string? RoomId { get; }
}

public sealed record MessageArrived(Message Message) : PodEvent
{
    public override string? RoomId => Message.RoomId;
}

/// <summary>
/// A change with its number. One without is of a pod that could not use Redis and may end before it can, or of a pod of an older version,
/// which numbers no changes: whoever hears of it numbers it. <c>Applied</c>, to the list in Redis, is what pods of older versions go by.
/// </summary>
public sealed record MessageWasChanged(MessageChange Change, bool Applied = true) : PodEvent
{
    public override string? RoomId => Change.RoomId;
}

public sealed record SomebodyTypes(TypingEvent Typing) : PodEvent
{
    public override string? RoomId => Typing.RoomId;
}

public sealed record ReadMarkMoved(ReadEvent Read) : PodEvent
{
    public override string? RoomId => Read.RoomId;
}

public sealed record RoomWasChanged(RoomChanged Room) : PodEvent
{
    public override string? RoomId => Room.Id;
}

/// <summary>
/// Somebody's membership of a room changed. Events of different pods may overtake each other, so who has to know reads the membership
/// from the store; <c>IsMember</c> counts only while the store is unavailable. Goes to every pod: one without members of the room may
/// have the user's connections.
/// </summary>
/// <param name="Room">The room's ID.</param>
/// <param name="Username">Whose membership.</param>
/// <param name="IsMember">Whether they were a member when this was published.</param>
/// <param name="IsPrivate">Only the member's own settings changed, which concern nobody else in the room.</param>
public sealed record MembershipChanged(string Room, string Username, bool IsMember, bool IsPrivate = false) : PodEvent
{
    public override string? RoomId => null;
}

/// <summary>
/// Who came online at a pod or went offline there since the pod's last event. A pod publishes at most one a second. Pods of before
/// that sent one for each person and know only <c>Username</c> and <c>Online</c>, which are those of the first change.
/// </summary>
public sealed record PresenceChanged(string Username, bool Online) : PodEvent
{
    public override string? RoomId => null;

    /// <summary>The pod that reports; null, like the rest, in an event of a pod of before.</summary>
    public string? Pod { get; init; }

    /// <summary>Grows by one with every report of the pod; 1 is its first.</summary>
    public long Version { get; init; }

    /// <summary>All changes; a person is among them once.</summary>
    public IReadOnlyList<PresenceEvent>? People { get; init; }

    /// <summary>For each room that anybody of <see cref="People"/> is in: their indexes in it.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<int>>? Rooms { get; init; }
}

/// <summary>The session, or all of the user's but one, ended: sockets close.</summary>
public sealed record SessionsEnded(string Username, string? SessionId, string? ExceptSessionId = null) : PodEvent
{
    public override string? RoomId => null;
}

/// <summary>Handed to a pod by its own channel: events may be missing.</summary>
public sealed record ResyncNeeded(string? Room = null) : PodEvent
{
    public override string? RoomId => Room;
}
