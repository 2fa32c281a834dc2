using System.Diagnostics;
using System.Globalization;

namespace Chat.Tests.Failures;

/// <summary>
/// Many sockets on two API processes, and everything that could make all clients ask at once: nothing is lost, duplicated or out of order,
/// and what Redis and MongoDB are asked in the busiest second stays within a multiple of the steady state. With the other tests a small
/// crowd; the full size, with its report, by the command in <c>docs/delivery.md</c>.
/// </summary>
[Collection(FailureCollection.Name)]
public sealed class CrowdTests(ITestOutputHelper output)
{
    private const int Small = 80;
    private const int Senders = 4;
    private const int PerSecond = 2;

    /// <summary>Messages of each room before the crowd comes, so that Redis can answer for the newest page.</summary>
    private const int Before = CrowdSocket.PageSize + 5;

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>
    /// <c>CHAT_SOAK_CROWD</c>: how many sockets; <c>CHAT_SOAK_CROWD_LISTS</c> = 1: each reads the list of rooms after every resync, too;
    /// <c>CHAT_SOAK_SEED</c> and <c>CHAT_SOAK_REPORT</c> as for the soak.
    /// </summary>
    [Fact]
    public async Task A_crowd_loses_nothing_and_asks_calmly()
    {
        var full = Asked("CROWD");
        var sockets = int.Parse(full ?? $"{Small}", CultureInfo.InvariantCulture);
        var seed = int.Parse(Asked("SEED") ?? "1", CultureInfo.InvariantCulture);
        var (rooms, steady, settling) = full is null
            ? (4, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1))
            : (10, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(4));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(15));
        await using var system = await ChatSystem.StartRealAsync(limit.Token);
        Crowd? gathered = null;
        await using var tails = new Tails(system, output);
        await using var run = new FailureRun(system, seed) { OtherScreens = () => gathered?.Shown ?? [] };
        await run.GatherAsync(Senders, rooms, limit.Token);
        await Task.WhenAll(run.Rooms.SelectMany(room => Enumerable.Range(0, Before).Select(i =>
            run.People[i % Senders].SendAsync(room, $"before-{room}-{i}", $"before {i}", limit.Token))));
        await using var crowd = await Crowd.GatherAsync(
            [.. system.Apis.Select(a => a.Address)], run.Rooms, sockets, seed, readsRoomList: Asked("CROWD_LISTS") == "1", limit.Token);
        gathered = crowd;
        Say("everybody has signed up");
        await using var meter = new QueryMeter(system.Servers["cache"].Port, system.Servers["chatdb"].ConnectionString);
        using var workload = new Workload(run.People, run.Rooms, seed, PerSecond, withChanges: false);
        workload.Start(limit.Token);
        await crowd.UntilLiveAsync(limit.Token);
        Say("everybody is live");
        await Task.Delay(settling, limit.Token);
        var steadyFrom = Stopwatch.GetTimestamp();
        await Task.Delay(steady, limit.Token);
        var (steadyRedis, steadyMongo) = Rates(steadyFrom);
        Say($"steady: Redis {steadyRedis}, MongoDB {steadyMongo}, {Counts()}");

        var events = new List<CrowdEvent>();
        await HappenAsync("Redis emptied", t => QueryMeter.TellRedisAsync(system.Servers["cache"].Port, "FLUSHALL", t));
        await HappenAsync("one API killed", _ => system.Apis[0].KillAsync());
        await system.Apis[0].StartAsync(limit.Token);
        await system.Apis[0].UntilReadyAsync(limit.Token);
        await HappenAsync("rolling restart", async t =>
        {
            foreach (var api in system.Apis)
            {
                await api.StopAsync();
                await api.StartAsync(t);
                await api.UntilReadyAsync(t);
                Say($"{api.Name} is back, {Counts()}");
            }
        });
        await workload.FinishAsync(limit.Token);
        var verdict = await run.JudgeAsync(limit.Token);
        var result = new CrowdResult(sockets, crowd.People, rooms, Senders * PerSecond, steadyRedis, steadyMongo, events, verdict);
        Say(CrowdReport.Write(result));
        if (full is not null && Asked("REPORT") is { Length: > 0 } path)
        {
            var file = Path.Combine(Manifests.Sources.Repository, path);
            await File.WriteAllTextAsync(file, CrowdReport.Replace(await File.ReadAllTextAsync(file, limit.Token), result), limit.Token);
        }

        Assert.Empty(verdict.Findings.Take(20));
        Assert.Empty(CrowdReport.Excesses(result));

        async Task HappenAsync(string name, Func<CancellationToken, Task> happen)
        {
            crowd.Traffic.TakeCounts();
            var from = Stopwatch.GetTimestamp();
            await happen(limit.Token);
            var untilLive = await crowd.UntilLiveAsync(limit.Token);
            await Task.Delay(settling, limit.Token);
            var (redis, mongo) = Rates(from);
            events.Add(new CrowdEvent(name, untilLive, redis, mongo));
            Say($"{name}: live after {untilLive}, Redis {redis}, MongoDB {mongo}, {Counts()}");
        }

        (QueryRate Redis, QueryRate Mongo) Rates(long from)
        {
            var now = Stopwatch.GetTimestamp();
            return (meter.Redis.Between(from, now), meter.Mongo.Between(from, now));
        }

        string Counts() => string.Join(", ", crowd.Traffic.TakeCounts().Select(c => $"{c.Value} {c.Key}"));
    }

    [Fact]
    public void Commands_that_Redis_ran_are_added_up_without_those_of_the_meter() => Assert.Equal(
        21 + 4,
        QueryMeter.CountRedis(
            "$99\r\n# Commandstats\r\ncmdstat_get:calls=21,usec=175\r\ncmdstat_client|setname:calls=4,usec=1\r\n"
            + "cmdstat_info:calls=7,usec=9\r\n\r\n+OK\r\n"));

    [Fact]
    public void The_matrix_and_the_crowd_keep_each_others_part_of_the_report()
    {
        var verdict = new Verdict(5, 5, 5, 0, 0, 0, 0, []);
        var result = new CrowdResult(
            2_000, 100, 10, 8, new QueryRate(100, 110), new QueryRate(16, 20),
            [new CrowdEvent("Redis emptied", TimeSpan.FromSeconds(6), new QueryRate(900, 3_000), new QueryRate(20, 48))], verdict);

        var first = CrowdReport.Replace("# The matrix\n", result);
        Assert.StartsWith("# The matrix", first, StringComparison.Ordinal);
        Assert.Contains("| Redis emptied | 900 | 3,000 | 30.0 | 20 | 48 | 3.0 | 6.0 s |", first, StringComparison.Ordinal);
        Assert.Equal(first, CrowdReport.Replace(first, result));
        Assert.Equal(first.Replace("The matrix", "Another", StringComparison.Ordinal), CrowdReport.Keep("# Another\n", first));
        Assert.Equal("# Another\n", CrowdReport.Keep("# Another\n", "# The matrix\n"));

        Assert.Empty(CrowdReport.Excesses(result));
        Assert.Single(CrowdReport.Excesses(result with { SteadyRedis = new QueryRate(10, 10) }));
    }

    /// <summary>What the services logged, for the report of a failure: an assertion that failed before the end must not hide it.</summary>
    private sealed class Tails(ChatSystem system, ITestOutputHelper output) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            foreach (var service in system.Apis.Concat(system.Workers))
            {
                output.WriteLine($"{service.Name}:{Environment.NewLine}{service.Tail}");
            }

            return ValueTask.CompletedTask;
        }
    }

    private static string? Asked(string name) => Environment.GetEnvironmentVariable($"CHAT_SOAK_{name}");

    private void Say(string what) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds:F1} s: {what}"));
}
