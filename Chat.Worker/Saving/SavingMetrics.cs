using System.Diagnostics.Metrics;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.ServiceDefaults;

namespace Chat.Worker.Saving;

/// <summary>What the worker did, as counters and histograms of the meter <c>Chat</c>.</summary>
internal static class SavingMetrics
{
    private static readonly Counter<long> Items =
        Telemetry.Meter.CreateCounter<long>("chat.worker.items", description: "Items saved, and those that were there already, by result");

    private static readonly Counter<long> Deliveries =
        Telemetry.Meter.CreateCounter<long>("chat.worker.deliveries", description: "Deliveries by outcome");

    private static readonly Counter<long> Failures =
        Telemetry.Meter.CreateCounter<long>("chat.worker.failures", description: "Saves that failed although the archive was available");

    private static readonly Counter<long> Pauses =
        Telemetry.Meter.CreateCounter<long>("chat.worker.pauses", description: "Times that consuming paused: the archive took no writes");

    private static readonly Histogram<double> Duration =
        Telemetry.Meter.CreateHistogram<double>("chat.worker.save.duration", "s", "How long the archive took for a batch");

    private static readonly Histogram<int> BatchSize =
        Telemetry.Meter.CreateHistogram<int>("chat.worker.batch.size", description: "Items saved at once");

    public static void Saved(IReadOnlyList<SaveResult> results, TimeSpan took)
    {
        Duration.Record(took.TotalSeconds);
        BatchSize.Record(results.Count);
        foreach (var group in results.CountBy(r => r.Kind))
        {
            Items.Add(group.Value, new KeyValuePair<string, object?>("result", group.Key switch
            {
                SaveResultKind.Saved => "saved",
                SaveResultKind.Duplicate => "duplicate",
                _ => "refused",
            }));
        }
    }

    public static void Count(SaveOutcome outcome) => Deliveries.Add(1, new KeyValuePair<string, object?>("outcome", Name(outcome)));

    public static void Failed() => Failures.Add(1);

    public static void Paused() => Pauses.Add(1);

    public static string Name(SaveOutcome outcome) => outcome switch
    {
        SaveOutcome.Acked => "ack",
        SaveOutcome.Requeued => "requeue",
        SaveOutcome.Paused => "pause",
        _ => "dead_letter",
    };
}
