using System.Globalization;
using System.Text;
using Chat.Benchmarks.Web;

namespace Chat.Benchmarks.Load;

/// <summary>
/// Puts load on the service and on bare SignalR in turn, in one run, and writes <c>docs/performance.md</c>:
/// <c>dotnet run -c Release --project Chat.Benchmarks -- load [--runs N] [--seconds N] [--only WORDS] [--report FILE]</c>. A figure is the
/// median of the runs.
/// </summary>
internal static class LoadBenchmark
{
    private const int BacklogOfSingles = 5_000;
    private const int Backlog = 50_000;

    /// <summary>Where the part of the report begins that the command leaves as it is.</summary>
    private const string HandWritten = "## What limits it";

    /// <summary>What a figure should be; of those that have a goal.</summary>
    private static readonly Dictionary<(string Scenario, string Figure), string> Goals = new()
    {
        [("1 sender, closed loop", "sends acknowledged")] = "≥ 1,500",
        [("1 sender, closed loop", "acknowledgement, p50")] = "≤ 0.8",
        [("1 sender, closed loop", "acknowledgement, p99")] = "≤ 3",
        [("16 senders in their own rooms, closed loop", "sends acknowledged")] = "≥ 5,000",
        [("16 senders in their own rooms, closed loop", "acknowledgement, p99")] = "≤ 14",
        [("16 senders in their own rooms, closed loop", "processor time a send, api")] = "≤ 120",
        [("20 messages/s to 1,000 sockets, open loop", "delivery, p50")] = "≤ 14",
        [("20 messages/s to 1,000 sockets, open loop", "delivery, p99")] = "≤ 37",
        [("100 sockets of one room, closed loop", "deliveries")] = "≥ 150,000",
        [("1,000 sockets of one room, closed loop", "deliveries")] = "≥ 95,000",
        [("1,000 idle sockets", "live heap a connection")] = "≤ 28",
        [("backlog of 50,000 messages, default settings", "messages saved")] = "≥ 5,000",
        [("backlog of 5,000 messages, one at a time", "messages saved")] = "≥ 500",
        [("embedded system, nobody connected", "processor, all")] = "≤ 5",
    };

    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var runs = Number(args, "--runs", 3);
        var duration = TimeSpan.FromSeconds(Number(args, "--seconds", 5));
        var only = Option(args, "--only");
        var report = Option(args, "--report") ?? Path.Combine(WebSystem.Repository(), "docs", "performance.md");
        var measured = new List<(string Target, LoadFigure Figure)>();
        for (var run = 1; run <= runs; run++)
        {
            Console.WriteLine($"Run {run} of {runs}, load average {LoadAverage()}");
            foreach (var (name, measure) in Everything(duration))
            {
                if (only is not null && !name.Contains(only, StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }

                foreach (var result in await measure(CancellationToken.None))
                {
                    Console.WriteLine($"  {result.Target,-13} {result.Figure.Scenario,-45} {result.Figure.Figure,-38} {Format(result.Figure.Value),10} {result.Figure.Unit}");
                    measured.Add(result);
                }
            }
        }

        if (only is null || Option(args, "--report") is not null)
        {
            var old = File.Exists(report) ? await File.ReadAllTextAsync(report) : "";
            await File.WriteAllTextAsync(report, Write(measured, runs, duration) + KeptPart(old));
            Console.WriteLine($"Written: {report}");
        }

        return 0;
    }

    private static IEnumerable<(string Name, Func<CancellationToken, Task<IReadOnlyList<(string Target, LoadFigure Figure)>>> Measure)> Everything(TimeSpan duration)
    {
        yield return ("one", OnBoth((t, c) => LoadScenarios.ClosedLoopAsync(t, 1, duration, c)));
        yield return ("sixteen", OnBoth((t, c) => LoadScenarios.ClosedLoopAsync(t, 16, duration, c)));
        yield return ("broker", async c =>
        [
            .. (await BareBroker.MeasureAsync(1, duration, c)).Select(Broker),
            .. (await BareBroker.MeasureAsync(16, duration, c)).Select(Broker),
        ]);
        yield return ("fan-out", OnBoth((t, c) => LoadScenarios.FanOutAsync(t, 1_000, 20, duration, c)));
        yield return ("deliveries-100", OnBoth((t, c) => LoadScenarios.DeliveriesAsync(t, 100, 20, duration, c)));
        yield return ("deliveries-1000", OnBoth((t, c) => LoadScenarios.DeliveriesAsync(t, 1_000, 20, duration, c)));
        yield return ("heap", OnBoth((t, c) => LoadScenarios.HeapAsync(t, 1_000, 20, c)));
        yield return ("worker", async c =>
        [
            .. (await WorkerBacklog.MeasureAsync("default settings", new Dictionary<string, string?>(), Backlog, c)).Select(Ours),
            .. (await WorkerBacklog.MeasureAsync(
                "one at a time", new Dictionary<string, string?> { ["Worker__Prefetch"] = "1" }, BacklogOfSingles, c))
                .Select(Ours),
        ]);
        yield return ("idle", async c => [.. (await IdleSystem.MeasureAsync(TimeSpan.FromSeconds(30), c)).Select(Ours)]);

        static (string Target, LoadFigure Figure) Ours(LoadFigure figure) => ("chat", figure);
        static (string Target, LoadFigure Figure) Broker(LoadFigure figure) => ("RabbitMQ", figure);
    }

    private static Func<CancellationToken, Task<IReadOnlyList<(string Target, LoadFigure Figure)>>> OnBoth(
        Func<ILoadTarget, CancellationToken, Task<IReadOnlyList<LoadFigure>>> measure) => async cancellationToken =>
    {
        var results = new List<(string Target, LoadFigure Figure)>();
        await using (var bare = await BareTarget.StartAsync(cancellationToken))
        {
            results.AddRange((await measure(bare, cancellationToken)).Select(f => (bare.Name, f)));
        }

        await using var service = await ServiceTarget.StartAsync(startWorker: true, cancellationToken);
        results.AddRange((await measure(service, cancellationToken)).Select(f => (service.Name, f)));
        return results;
    };

    private static string Write(IReadOnlyList<(string Target, LoadFigure Figure)> measured, int runs, TimeSpan duration)
    {
        var text = new StringBuilder(
            $"""
            # Performance

            Measured by `dotnet run -c Release --project Chat.Benchmarks -- load` on {DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores that
            also run the load, redis-server and rabbitmq-server; {runs} runs of {duration.TotalSeconds:0} s, medians. One API and one worker in
            Release, the archive in SQLite, the limits of a user lifted by configuration. *Bare* is a SignalR hub that only
            broadcasts, or RabbitMQ with nothing around it, in the same run. The ratio is the service's figure divided by it.

            | load | figure | chat | goal | bare | ratio |
            |---|---|---|---|---|---|

            """);
        foreach (var group in measured.GroupBy(m => (m.Figure.Scenario, m.Figure.Figure, m.Figure.Unit)))
        {
            var ours = Median([.. group.Where(m => m.Target == "chat").Select(m => m.Figure.Value)]);
            var bare = Median([.. group.Where(m => m.Target != "chat").Select(m => m.Figure.Value)]);
            var ratio = ours is { } o && bare is { } b and > 0 ? Format(o / b) : "";
            text.AppendLine(CultureInfo.InvariantCulture, $"| {group.Key.Scenario} | {group.Key.Figure}, {group.Key.Unit} | {Format(ours)} | {Goals.GetValueOrDefault((group.Key.Scenario, group.Key.Figure))} | {Format(bare)} | {ratio} |");
        }

        return text.ToString();
    }

    /// <summary>What was written by hand below the table.</summary>
    private static string KeptPart(string report) =>
        report.IndexOf(HandWritten, StringComparison.Ordinal) is var at and >= 0 ? Environment.NewLine + report[at..] : "";

    private static double? Median(double[] values)
    {
        Array.Sort(values);
        return values.Length == 0 ? null : values[values.Length / 2];
    }

    private static string Format(double? value) =>
        value is not { } v ? "" : v.ToString(v >= 100 ? "N0" : v >= 10 ? "N1" : "N2", CultureInfo.InvariantCulture);

    private static string LoadAverage() => OperatingSystem.IsLinux() ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    private static string? Option(IReadOnlyList<string> args, string name) => args.SkipWhile(a => a != name).Skip(1).FirstOrDefault();

    private static int Number(IReadOnlyList<string> args, string name, int otherwise) =>
        Option(args, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
