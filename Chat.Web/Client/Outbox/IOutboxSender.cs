using Chat.Contracts;

namespace Chat.Web.Client.Outbox;

/// <summary>One attempt to give an item to the server. Never throws but for cancellation; attempts may be repeated without harm.</summary>
public interface IOutboxSender
{
    Task<SendVerdict> SendAsync(OutboxItem item, CancellationToken cancellationToken);
}

public enum SendVerdictKind
{
    /// <summary>The server has it, durably.</summary>
    Done,

    /// <summary>Not now; the same later may succeed.</summary>
    Later,

    /// <summary>Never like this.</summary>
    Refused,

    /// <summary>Nobody is signed in: keep it until somebody is.</summary>
    SignedOut,
}

public readonly record struct SendVerdict(SendVerdictKind Kind, string? Code = null, SendReceipt? Receipt = null, TimeSpan? RetryAfter = null);
