namespace Chat.Backends.Availability;

/// <summary>
/// Starts loops that outlive whoever needed them first. Otherwise the first caller's trace would flow into the loop,
/// and every ping of an outage would become a span of that trace.
/// </summary>
internal static class Background
{
    public static Task Run(Func<Task> loop)
    {
        using (ExecutionContext.IsFlowSuppressed() ? default(IDisposable) : ExecutionContext.SuppressFlow())
        {
            return Task.Run(loop);
        }
    }
}
