using Chat.Contracts;

namespace Chat.Backends.Pods;

/// <summary>
/// One way from pod to pod. Best effort: it carries bytes to every other process that subscribes to the room (or to all, without
/// a room), perhaps also back to the sender. It starts by itself, heals by itself and never throws for an absent server.
/// </summary>
public interface IPodTransport : IAsyncDisposable
{
    /// <summary>As <see cref="IPodChannel.Path"/> calls it.</summary>
    string Name { get; }

    /// <summary>False while it is known to take nothing.</summary>
    bool IsAvailable { get; }

    /// <summary>Called once, before anything else.</summary>
    void Start(IPodReceiver receiver);

    /// <summary>When it cannot now, it does later.</summary>
    Task SubscribeAsync(string roomId, CancellationToken cancellationToken);

    Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken);

    /// <summary>False: not taken. True is no proof that anybody got it.</summary>
    ValueTask<bool> PublishAsync(string? roomId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);
}

/// <summary>The receiving side of a transport.</summary>
public interface IPodReceiver
{
    /// <summary>
    /// Takes an event. A transport awaits it before it hands on the next one of the same room, so that events of one pod keep their
    /// order. The body is not used after the result completes.
    /// </summary>
    Task OnBodyAsync(ReadOnlyMemory<byte> body);

    /// <summary>The transport works again and may have missed something.</summary>
    void OnGap(IPodTransport transport);
}

/// <summary>Told of every message, and every change with its number, that went to the other pods through Redis.</summary>
internal interface IPodMirror
{
    void Appended(Message message);

    void Changed(MessageChange change);
}
