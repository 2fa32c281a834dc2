using System.Security.Cryptography;
using Chat.Standalone.Running;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Chat.Standalone.Dashboard;

/// <summary>The dashboard's web server, inside the AppHost. Its address with the login token is the first thing printed.</summary>
internal sealed partial class DashboardServer(IConfiguration configuration, ILogger<DashboardServer> logger)
{
    public const string EnabledKey = "Chat:Dashboard";

    public Uri? Address { get; private set; }

    public string Token { get; } = configuration["AppHost:BrowserToken"] ?? RandomNumberGenerator.GetHexString(32, lowercase: true);

    public Task StartAsync(Engine engine, CancellationToken cancellationToken)
    {
        // The pages come with the next step; the engine runs without them.
        if (Address is { } address && engine.Instances().Count > 0)
        {
            LogAddress("dashboard ", address);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.FromResult(Address);

    [LoggerMessage(4301, LogLevel.Information, "{Name} {Address}")]
    private partial void LogAddress(string name, Uri address);
}
