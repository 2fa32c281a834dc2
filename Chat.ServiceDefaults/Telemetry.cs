using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Chat.ServiceDefaults;

/// <summary>The one meter and the one activity source. No user and no room is ever a tag.</summary>
public static class Telemetry
{
    public const string Name = "Chat";

    public static ActivitySource Source { get; } = new(Name);

    public static Meter Meter { get; } = new(Name);
}
