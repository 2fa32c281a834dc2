using System.Globalization;

namespace Chat.Tests.Failures;

/// <summary>
/// Real servers, broken one way after the other under a steady load; the oracle of <c>docs/delivery.md</c> judges after each. A short
/// matrix runs with the other tests. The long soak with its report:
/// <c>dotnet test Chat.Tests --filter Soak -e CHAT_SOAK_ROUNDS=5 -e CHAT_SOAK_REPORT=docs/failures.md</c>.
/// </summary>
public sealed class FailureMatrixTests
{
    private static readonly string[] Short =
    [
        "cache: kill -9", "cache: SIGSTOP", "cache: restarted empty", "messaging: kill -9", "chatdb: kill -9", "chatdb: SIGSTOP",
        "worker: kill -9", "api: kill -9", "cache and messaging: kill -9",
    ];

    [SkippableFact]
    public async Task Whatever_breaks_nothing_accepted_is_lost_doubled_or_shown_in_another_order()
    {
        var results = await RunAsync(Fault.All.Where(f => Short.Contains(f.Name)).ToList(), rounds: 1, seed: 20260208);
        Assert.Empty(results.SelectMany(r => r.Verdict.Findings.Select(f => $"{r.Fault}, seed {r.Seed}: {f}")));
        Assert.All(results.Where(r => Fault.All.Single(f => f.Name == r.Fault).Single), r =>
            Assert.True(r.AcceptedAtOnce >= .99, $"{r.Fault}: only {r.AcceptedAtOnce:P1} of {r.Attempts} sends were accepted at once."));
    }

    [SkippableFact]
    public async Task Soak()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("CHAT_SOAK_ROUNDS") ?? "0", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("CHAT_SOAK_SEED") ?? "1", CultureInfo.InvariantCulture);
        // Without being asked for, one fault shows that the soak still works.
        var results = await RunAsync(rounds > 0 ? Fault.All : [.. Fault.All.Where(f => f.Name == "messaging: SIGSTOP")], Math.Max(rounds, 1), seed);
        if (Environment.GetEnvironmentVariable("CHAT_SOAK_REPORT") is { Length: > 0 } path)
        {
            await File.WriteAllTextAsync(path, $"""
                # What was seen under every failure

                Written by the soak (`Chat.Tests/Failures`): two APIs, two workers, four clients through the public contract, {Workload.PerSecond} messages a
                second of each with edits and reactions, on real servers behind proxies. Counts are promises; times are of the machine of that run and
                are there to compare faults with each other.

                {FailureReport.Write(results)}
                """);
        }

        Assert.Empty(results.SelectMany(r => r.Verdict.Findings.Select(f => $"{r.Fault}, seed {r.Seed}: {f}")));
    }

    private static async Task<IReadOnlyList<FaultResult>> RunAsync(IReadOnlyList<Fault> faults, int rounds, int seed)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(8 + (3 * faults.Count * rounds)));
        await using var system = await ChatSystem.StartRealAsync(limit.Token);
        var random = new Random(seed);
        var results = new List<FaultResult>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var fault in faults.OrderBy(_ => rounds == 1 ? 0 : random.Next()).ToList())
            {
                var runSeed = random.Next(1_000_000);
                // New people and rooms each time: what one fault left behind cannot hide in the next.
                await using var run = new FailureRun(system, runSeed);
                await run.GatherAsync(people: 4, rooms: 2, limit.Token);
                results.Add(await run.RunAsync(
                    fault.Name, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(random.Next(4, 7)), TimeSpan.FromSeconds(3),
                    t => fault.Break(system, t), t => fault.Mend(system, t), limit.Token));
            }
        }

        return results;
    }
}
