using Chat.Contracts;

namespace Chat.Web.Client.Connection;

/// <summary>
/// One connection to the hub, used once: started, and gone when it closes. What the server tells goes to the receiver.
/// Calls throw <see cref="ApiException"/> with the server's code, or <see cref="ApiException.Unreachable"/> when the
/// connection broke, in which case nobody knows whether the server did it.
/// </summary>
public interface IHubLink : IAsyncDisposable
{
    /// <summary>Throws <see cref="ApiException"/>: <see cref="ErrorCodes.NotSignedIn"/>, or unreachable.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Completes when the connection is gone, for whatever reason; never faults.</summary>
    Task Closed { get; }

    Task<SendReceipt> SendMessageAsync(SendMessage message, CancellationToken cancellationToken);

    Task EditMessageAsync(EditMessage edit, CancellationToken cancellationToken);

    Task DeleteMessageAsync(DeleteMessage delete, CancellationToken cancellationToken);

    Task ReactAsync(React reaction, CancellationToken cancellationToken);

    Task TypingAsync(string roomId, CancellationToken cancellationToken);

    Task MarkReadAsync(string roomId, string messageId, CancellationToken cancellationToken);
}

/// <summary>Makes connections to the hub.</summary>
public interface IHubLinkFactory
{
    IHubLink Create(IChatClient receiver);
}
