namespace Chat.Api.Stopping;

/// <summary>
/// What the console's lifetime is given in place of the host's, so that a signal begins with the draining. The host's own first word,
/// ApplicationStopping, is already too late: SignalR cuts every connection at it, whatever is under way on it.
/// </summary>
internal sealed class DrainFirst(IHostApplicationLifetime host, Draining draining) : IHostApplicationLifetime
{
    public CancellationToken ApplicationStarted => host.ApplicationStarted;

    public CancellationToken ApplicationStopping => host.ApplicationStopping;

    public CancellationToken ApplicationStopped => host.ApplicationStopped;

    public void StopApplication() => _ = StopAsync();

    private async Task StopAsync()
    {
        try
        {
            await draining.DrainAsync();
        }
        finally
        {
            // Whatever goes wrong before: who was told to end, ends.
            host.StopApplication();
        }
    }
}
