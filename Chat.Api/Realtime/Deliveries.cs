namespace Chat.Api.Realtime;

/// <summary>Sends to clients that the server does not wait for.</summary>
internal static class Deliveries
{
    /// <summary>
    /// Lets a send to clients complete by itself. SignalR begins the writes in the order of the calls and keeps it for each connection;
    /// it completes when the slowest client has taken its own, and closes one that takes too long, so nobody else must wait for that.
    /// </summary>
    public static void NotAwaited(this Task delivery)
    {
        if (!delivery.IsCompletedSuccessfully)
        {
            // A failed write is the end of its connection, which SignalR deals with; here it is only observed.
            _ = delivery.ContinueWith(
                static d => d.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }
}
