using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Chat.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chat.Hosting.Backing;

/// <summary>
/// Replaces ports that other programs use, so that the system starts all the same, for example a second time with another data folder.
/// Without this the orchestrator retries to listen on a taken port for good, and says nothing.
/// </summary>
internal static partial class TakenPorts
{
    // Where Aspire reads the addresses of its dashboard, of the dashboard's collector, and of the resource service.
    private static readonly string[] DashboardKeys =
    [
        "ASPNETCORE_URLS",
        "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "DOTNET_DASHBOARD_OTLP_ENDPOINT_URL",
        "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL", "DOTNET_DASHBOARD_OTLP_HTTP_ENDPOINT_URL",
        "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", "DOTNET_RESOURCE_SERVICE_ENDPOINT_URL",
    ];

    public static void Replace(IDistributedApplicationBuilder builder)
    {
        List<(int Taken, string User)> replaced = [];
        foreach (var key in DashboardKeys)
        {
            if (builder.Configuration[key] is { Length: > 0 } addresses)
            {
                builder.Configuration[key] = string.Join(';', addresses.Split(';').Select(a => WithFreePort(a, replaced)));
            }
        }

        builder.Eventing.Subscribe<BeforeStartEvent>((e, _) =>
        {
            // A test's orchestrator chooses all ports in any case.
            var random = builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts");
            foreach (var project in e.Model.Resources.OfType<ProjectResource>().Where(_ => !random))
            {
                foreach (var endpoint in project.Annotations.OfType<EndpointAnnotation>().Where(n => n.Port is { } port && IsTaken(port)))
                {
                    replaced.Add((endpoint.Port!.Value, $"'{project.Name}'"));
                    // The orchestrator chooses.
                    endpoint.Port = null;
                }
            }

            var logger = e.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Chat.Hosting");
            foreach (var (taken, user) in replaced)
            {
                LogTaken(logger, taken, user);
            }

            return Task.CompletedTask;
        });
    }

    private static string WithFreePort(string address, List<(int Taken, string User)> replaced)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Port == 0 || !IsTaken(uri.Port))
        {
            return address;
        }

        replaced.Add((uri.Port, "the dashboard"));
        return new UriBuilder(uri) { Port = FreePort.Next() }.Uri.ToString().TrimEnd('/');
    }

    private static bool IsTaken(int port) =>
        IsTaken(IPAddress.Loopback, port) || (Socket.OSSupportsIPv6 && IsTaken(IPAddress.IPv6Loopback, port));

    private static bool IsTaken(IPAddress address, int port)
    {
        using var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied;
        }
    }

    [LoggerMessage(4011, LogLevel.Warning, "Port {Port} is in use; {User} gets another one.")]
    private static partial void LogTaken(ILogger logger, int port, string user);
}
