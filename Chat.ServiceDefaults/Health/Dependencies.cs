using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.ServiceDefaults.Health;

/// <summary>
/// The health checks that the clients of backing services register, under the names that Aspire's clients give them.
/// One that fails makes the service Degraded, not Unhealthy: otherwise every pod would leave the service at once when one
/// server is down. Whether the service can serve at all is for the service's own check to say.
/// </summary>
internal static class Dependencies
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, string> ResourceNames = new(StringComparer.Ordinal)
    {
        ["StackExchange.Redis"] = "cache",
        ["RabbitMQ.Client"] = "messaging",
        ["MongoDB.Driver"] = "chatdb",
    };

    public static void NeverFailTheService(HealthCheckServiceOptions options)
    {
        foreach (var registration in options.Registrations.Where(r => IsClient(r.Name)))
        {
            registration.FailureStatus = HealthStatus.Degraded;
            registration.Timeout = Timeout;
        }
    }

    /// <summary>What the topology calls it: <c>cache</c> rather than <c>StackExchange.Redis</c>.</summary>
    public static string ResourceName(string check) => ResourceNames.GetValueOrDefault(check, check);

    private static bool IsClient(string name) => ResourceNames.Keys.Any(k => name == k || name.StartsWith(k + "_", StringComparison.Ordinal));
}
