namespace Chat.Web.Client.State;

/// <summary>What the connection to the server is doing.</summary>
public enum ConnectionPhase
{
    /// <summary>The first attempt since the page was opened.</summary>
    Connecting,

    /// <summary>Connected: events arrive as they happen.</summary>
    Live,

    /// <summary>Lost; trying again by itself.</summary>
    Reconnecting,

    /// <summary>The browser says that there is no network; tries again when there is.</summary>
    Offline,

    /// <summary>The session ended: sign in again. Nothing is tried by itself.</summary>
    SignedOut,
}

/// <summary>Everything about the connection that is worth showing, and nothing that is not so.</summary>
public sealed record ConnectionStatus(ConnectionPhase Phase)
{
    /// <summary>When the next attempt starts by itself; null when one is running or none is planned.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Connected, and fetching what was missed.</summary>
    public bool CatchingUp { get; init; }

    /// <summary>The server cannot keep messages just now; they wait here and are sent again.</summary>
    public bool SavingDelayed { get; init; }

    /// <summary>A store could not answer, so messages may be missing from what is shown; being asked again.</summary>
    public bool HistoryIncomplete { get; init; }

    /// <summary>Messages and changes of this browser that the server has not confirmed.</summary>
    public int Unsent { get; init; }
}
