using System.Text.Json.Serialization;
using Chat.Contracts;

namespace Chat.Backends.Pods;

/// <summary>
/// The path between the API's pods. What a pod publishes reaches every other pod that subscribes to the event's room (or
/// every pod, for events without one), at most once each, and never the publishing pod itself. It goes through Redis; while
/// Redis is away through the broker. Order is not promised and events may be lost: after any interruption in which this
/// pod may have missed something the channel hands itself a <see cref="ResyncNeeded"/>.
/// </summary>
public interface IPodChannel
{
    /// <summary>Unique to this process.</summary>
    string PodId { get; }

    /// <summary>Which way events go at present: <c>redis</c>, <c>broker</c> or <c>none</c>.</summary>
    string Path { get; }

    /// <summary>Called once, before anything arrives. The handler does not throw and does not block for long.</summary>
    void OnEvent(Func<PodEvent, Task> handler);

    /// <summary>From now on the room's events arrive. Completes when subscribed, or at once while every path is away (it is made up for later).</summary>
    Task SubscribeAsync(string roomId, CancellationToken cancellationToken);

    Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken);

    /// <summary>
    /// Never throws for an absent server; false when no path took it. Not used for a new message that Redis took:
    /// appending publishes it.
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

/// <summary><c>Applied</c>: to the list in Redis. Who could not may end before it can, so who hears of it does.</summary>
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

/// <summary>Goes to every pod: one without members of the room may have the user's connections.</summary>
public sealed record MembershipChanged(string Room, string Username, bool IsMember) : PodEvent
{
    public override string? RoomId => null;
}

/// <summary>The user's first connection of all pods came or the last one went.</summary>
public sealed record PresenceChanged(string Username, bool Online) : PodEvent
{
    public override string? RoomId => null;
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
