namespace Chat.Web.Client.Connection;

/// <summary>What the browser tells of the world: the network, and whether somebody looks.</summary>
public interface IBrowser
{
    /// <summary>False only when there certainly is no network.</summary>
    bool IsOnline { get; }

    /// <summary>The network came or went.</summary>
    event Action? OnlineChanged;

    /// <summary>The page is looked at again, after a while in the background or asleep.</summary>
    event Action? Returned;

    /// <summary>Begins to listen; call once.</summary>
    ValueTask StartAsync(CancellationToken cancellationToken);
}

/// <summary>
/// The tabs of one browser. One of them at a time leads; when it closes or crashes another takes its place. What one
/// announces all others hear, unless they are gone.
/// </summary>
public interface ITabs
{
    /// <summary>Waits until this tab leads for the name, then does the work, which leads until it ends.</summary>
    Task LeadAsync(string name, Func<CancellationToken, Task> work, CancellationToken cancellationToken);

    /// <summary>Tells the other tabs.</summary>
    ValueTask AnnounceAsync(string message, CancellationToken cancellationToken);

    /// <summary>Another tab told something.</summary>
    event Action<string>? Announced;
}
