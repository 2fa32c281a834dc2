using System.Globalization;

namespace Chat.Tests.Failures;

/// <summary>
/// Real servers, broken one way after the other under a steady load; the oracle of <c>docs/delivery.md</c> judges after each. With the
/// other tests one fault runs; the whole matrix, as often as wanted, with its report:
/// <c>dotnet test Chat.Tests --filter Soak -e CHAT_SOAK_ROUNDS=5 -e CHAT_SOAK_REPORT=docs/failures.md</c>.
/// </summary>
public sealed class FailureMatrixTests
{
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
