using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace Chat.ServiceDefaults;

/// <summary>
/// Default log levels; whatever the configuration says goes before them. The framework logs a request's address, with its rooms,
/// users, search words and tokens, several times over, probes included, and puts it into a scope of every other line.
/// Traces tell the same without them.
/// </summary>
internal static class QuietLogs
{
    private static readonly Dictionary<string, string?> Levels = new()
    {
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        // Its scope holds the path, at any level but None.
        ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",
        // A failing check is in the probe's answer, and the client of the dependency logs once that it lost it.
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
        ["Logging:LogLevel:System.Net.Http.HttpClient"] = "Warning",
        ["Logging:LogLevel:Yarp"] = "Warning",
        ["Logging:LogLevel:Polly"] = "Warning",
    };

    public static void AddQuietLogs(this IConfigurationBuilder configuration) =>
        configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Levels });
}
