using System.Globalization;

namespace Chat.Tests.Failures;

/// <summary>One fault of a schedule: when it begins, counted from the schedule's beginning, and how long it lasts.</summary>
internal sealed record Outage(Fault Fault, TimeSpan At, TimeSpan For)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{At.TotalSeconds:F1} s {Fault.Name}, for {For.TotalSeconds:F1} s");
}

/// <summary>
/// Several faults at random times, overlapping as it happens: the same ones at the same times for the same seed. Faults of the same
/// target follow each other.
/// </summary>
internal static class Schedule
{
    /// <summary>Not what breaks a worker's connections: those are the servers' too, and each way is broken once at a time.</summary>
    private static readonly string[] Targets = ["cache", "messaging", "chatdb", "worker-0", "api-0"];

    private static readonly string[] OfWorkers = ["stopped", "kill -9", "SIGSTOP"];

    public static IReadOnlyList<Outage> From(int seed)
    {
        var random = new Random(seed);
        var outages = new List<Outage>();
        foreach (var target in Targets)
        {
            var choices = Faults.All.Where(f => f.Target == target && f.What is not (Emptied.Drained or Emptied.Restored) && (target != "worker-0" || OfWorkers.Contains(f.What))).ToList();
            var at = random.NextDouble() * 8;
            for (var i = 0; i < 2; i++)
            {
                var length = 2 + (random.NextDouble() * 4);
                outages.Add(new Outage(choices[random.Next(choices.Count)], TimeSpan.FromSeconds(at), TimeSpan.FromSeconds(length)));
                at += length + 1 + (random.NextDouble() * 5);
            }
        }

        return [.. outages.OrderBy(o => o.At)];
    }

    /// <summary>Done when everything is mended.</summary>
    public static Task RunAsync(ChatSystem system, IReadOnlyList<Outage> outages, CancellationToken cancellationToken)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        return Task.WhenAll(outages.GroupBy(o => o.Fault.Target).Select(async target =>
        {
            foreach (var outage in target)
            {
                if (outage.At - clock.Elapsed is { Ticks: > 0 } wait)
                {
                    await Task.Delay(wait, cancellationToken);
                }

                await outage.Fault.Break(system, cancellationToken);
                await Task.Delay(outage.For, cancellationToken);
                await outage.Fault.Mend(system, cancellationToken);
            }
        }));
    }
}
