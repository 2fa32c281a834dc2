using System.Globalization;

namespace Chat.Tests.Failures;

/// <summary>
/// Real servers, broken one way after the other under a steady load; the oracle of <c>docs/delivery.md</c> judges after each. With the
/// other tests a few faults run; the whole matrix and random schedules, as often as wanted, with their report, by the command in
/// <c>docs/delivery.md</c>.
/// </summary>
[Collection(FailureCollection.Name)]
public sealed class FailureMatrixTests(ITestOutputHelper output)
{
    private const double AcceptedAtLeast = .99;
    private static readonly TimeSpan DeliveredWithin = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// <c>CHAT_SOAK_ROUNDS</c>: how often the matrix; <c>CHAT_SOAK_SCHEDULES</c>: how many random schedules then; <c>CHAT_SOAK_SEED</c>: where
    /// the seeds begin; <c>CHAT_SOAK_ONLY</c>: faults whose name holds this; <c>CHAT_SOAK_REPORT</c>: the file of the report, from the root of the
    /// sources. Without any: the few that run with the other tests, where times are nobody's promise.
    /// </summary>
    [Fact]
    public async Task Soak()
    {
        var rounds = Asked("ROUNDS", 0);
        var schedules = Asked("SCHEDULES", 0);
        if (rounds + schedules == 0)
        {
            Assert.Empty(Broken(await RunAsync(Faults.Short, rounds: 1, schedules: 0, seed: 1)));
            return;
        }

        var only = Environment.GetEnvironmentVariable("CHAT_SOAK_ONLY") ?? "";
        var results = await RunAsync(
            [.. Faults.All.Where(f => f.Name.Contains(only, StringComparison.Ordinal))], rounds, schedules, Asked("SEED", 1));
        Assert.Empty(Broken(results));
        Assert.Empty(Slow(results));
    }

    private async Task<IReadOnlyList<FaultResult>> RunAsync(IReadOnlyList<Fault> faults, int rounds, int schedules, int seed)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(8 + (3 * ((faults.Count * rounds) + schedules))));
        await using var system = await ChatSystem.StartRealAsync(limit.Token);
        var results = new List<FaultResult>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (index, fault) in faults.Index())
            {
                await using var run = new FailureRun(system, (seed * 10_000) + (round * 100) + index);
                await run.GatherAsync(people: 4, rooms: 2, limit.Token);
                await AddAsync(run, await run.RunAsync(
                    fault.Name, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(3),
                    t => fault.Break(system, t), t => fault.Mend(system, t), limit.Token));
            }
        }

        for (var n = 0; n < schedules; n++)
        {
            var outages = Schedule.From(seed + n);
            output.WriteLine($"schedule {seed + n}: {string.Join("; ", outages)}");
            await using var run = new FailureRun(system, (seed * 10_000) + 9_000 + n);
            await run.GatherAsync(people: 4, rooms: 2, limit.Token);
            await AddAsync(run, await run.RunAsync(
                $"{FailureReport.ScheduleName} {seed + n}", TimeSpan.FromSeconds(2), TimeSpan.Zero, TimeSpan.FromSeconds(3),
                t => Schedule.RunAsync(system, outages, t), _ => Task.CompletedTask, limit.Token));
        }

        return results;

        async Task AddAsync(FailureRun run, FaultResult result)
        {
            results.Add(result);
            output.WriteLine($"{result}{string.Concat(result.Verdict.Findings.Concat(run.Trouble).Select(t => Environment.NewLine + "  " + t))}");
            // After each, so that what was seen is there also when the next never ends.
            if (Environment.GetEnvironmentVariable("CHAT_SOAK_REPORT") is { Length: > 0 } path)
            {
                var file = Path.Combine(Manifests.Sources.Repository, path);
                var old = File.Exists(file) ? await File.ReadAllTextAsync(file, limit.Token) : "";
                await File.WriteAllTextAsync(file, CrowdReport.Keep(FailureReport.Document(results, seed), old), limit.Token);
            }

            await system.ForgetAsync(run.Rooms, limit.Token);
        }
    }

    private static IEnumerable<string> Broken(IEnumerable<FaultResult> results) =>
        results.SelectMany(r => r.Verdict.Findings.Select(f => $"{r.Fault}, seed {r.Seed}: {f}"));

    /// <summary>What one server's outage may do to senders and readers. Never asked of a machine that others use at the same time.</summary>
    private static IEnumerable<string> Slow(IEnumerable<FaultResult> results)
    {
        var servers = Faults.All.Where(f => f.Kind == FaultKind.Server).Select(f => f.Name).ToHashSet();
        foreach (var runs in results.Where(r => servers.Contains(r.Fault)).GroupBy(r => r.Fault).Select(g => g.ToList()))
        {
            if (runs.Min(r => r.AcceptedAtOnce) is var accepted && accepted < AcceptedAtLeast)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{runs[0].Fault}: {accepted:P1} accepted at once");
            }

            if (FailureReport.Median(runs, r => r.P99) is var p99 && p99 > DeliveredWithin)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{runs[0].Fault}: p99 of delivery {p99.TotalMilliseconds:F0} ms");
            }
        }
    }

    private static int Asked(string name, int otherwise) =>
        int.Parse(Environment.GetEnvironmentVariable($"CHAT_SOAK_{name}") ?? $"{otherwise}", CultureInfo.InvariantCulture);
}
