using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;

namespace Chat.ServiceDefaults;

/// <summary>The one meter and the one activity source. No user and no room is ever a tag.</summary>
public static class Telemetry
{
    public const string Name = "Chat";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static ActivitySource Source { get; } = new(Name);

    public static Meter Meter { get; } = new(Name);

    /// <summary>Whether this service exports what it measures.</summary>
    public static bool IsExported(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return !string.IsNullOrWhiteSpace(configuration[Endpoint]);
    }
}
