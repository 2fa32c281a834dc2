using System.Diagnostics.Metrics;
using Chat.ServiceDefaults;

namespace Chat.Backends;

/// <summary>How Redis does, as this process sees it.</summary>
internal static class RedisMetrics
{
    public static Counter<long> Failures { get; } = Telemetry.Meter.CreateCounter<long>("chat.redis.failures", description: "Calls that Redis did not answer in time");

    public static Counter<long> Interruptions { get; } = Telemetry.Meter.CreateCounter<long>("chat.redis.interruptions", description: "Times that Redis went out of use");

    public static Counter<long> Dropped { get; } = Telemetry.Meter.CreateCounter<long>("chat.redis.missed.dropped", description: "Messages and changes that were missed and are too many to make up for");

    public static Counter<long> Unreadable { get; } = Telemetry.Meter.CreateCounter<long>("chat.redis.unreadable", description: "Entries and events that are not ours");

    public static Counter<long> Repairs { get; } = Telemetry.Meter.CreateCounter<long>(
        "chat.redis.repairs", description: "Keys and entries that others had damaged and that were removed");
}
