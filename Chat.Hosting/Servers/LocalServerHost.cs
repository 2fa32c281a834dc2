using Chat.Hosting.Backing;
using Microsoft.Extensions.Hosting;

namespace Chat.Hosting.Servers;

/// <summary>Holds the data folder's lock while the AppHost runs, and stops the local servers at its end.</summary>
/// <param name="data">The folder.</param>
internal sealed class LocalServerHost(DataFolder data) : IHostedService
{
    private readonly List<LocalServerLifecycle> _servers = [];

    public void Add(LocalServerLifecycle server) => _servers.Add(server);

    /// <inheritdoc/>
    /// <exception cref="BackingUnavailableException">Another AppHost uses the data folder.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        data.Lock();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_servers.Select(s => s.DisposeAsync().AsTask()));
        data.Dispose();
    }
}
