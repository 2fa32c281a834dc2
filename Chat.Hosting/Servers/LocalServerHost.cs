using Chat.Hosting.Backing;
using Microsoft.Extensions.Hosting;

namespace Chat.Hosting.Servers;

/// <summary>Stops the local servers and unlocks the data folder when the AppHost ends.</summary>
/// <param name="data">The folder.</param>
internal sealed class LocalServerHost(DataFolder data) : IHostedService
{
    private readonly List<LocalServerLifecycle> _servers = [];
    private int _stopped;

    public void Add(LocalServerLifecycle server) => _servers.Add(server);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Aspire's testing host stops twice.
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        await Task.WhenAll(_servers.Select(s => s.DisposeAsync().AsTask()));
        data.Dispose();
    }
}
