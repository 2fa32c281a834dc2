using Chat.Contracts;
using Chat.Tests.Failures;
using Xunit.Abstractions;

namespace Chat.Tests.EndToEnd;

/// <summary>The whole flow on the stand-ins: API processes, workers, Garnet and one SQLite file.</summary>
public sealed class EmbeddedFlowTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    [SkippableFact]
    public async Task An_api_killed_under_load_loses_nothing_and_shows_nothing_twice()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var system = await ChatSystem.StartEmbeddedAsync(workers: 1, limit.Token);
        await using var run = new FailureRun(system, seed: 20260208);
        await run.GatherAsync(people: 4, rooms: 2, limit.Token);

        var result = await run.RunAsync(
            "kill -9 of an API process", TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(3),
            _ => system.Apis[0].KillAsync(), system.Apis[0].StartAsync, limit.Token);

        Assert.Empty(result.Verdict.Findings);
        Assert.True(result.Verdict.Accepted > 50, $"Only {result.Verdict.Accepted} messages were accepted.");
        Assert.Equal((0, 0, 0, 0), (result.Verdict.Lost, result.Verdict.Duplicated, result.Verdict.Misordered, result.Verdict.ChangesLost));
    }

    [SkippableFact]
    public async Task Apis_replaced_one_after_the_other_under_load_lose_nothing_and_show_nothing_twice()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var system = await ChatSystem.StartEmbeddedAsync(workers: 1, limit.Token);
        await using var run = new FailureRun(system, seed: 3);
        await run.GatherAsync(people: 6, rooms: 2, limit.Token);
        await using var lateness = new TimerLateness();

        var result = await run.RunAsync(
            "rolling restart", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3),
            async token =>
            {
                await system.Apis[0].StopAsync();
                await system.Apis[0].StartAsync(token);
            },
            async token =>
            {
                await system.Apis[1].StopAsync();
                await system.Apis[1].StartAsync(token);
            },
            limit.Token);

        Assert.Empty(result.Verdict.Findings);
        Assert.True(result.Verdict.Accepted > 50, $"Only {result.Verdict.Accepted} messages were accepted.");
        Assert.Equal((0, 0, 0, 0), (result.Verdict.Lost, result.Verdict.Duplicated, result.Verdict.Misordered, result.Verdict.ChangesLost));

        // Everybody lost a connection when the second was replaced, at the latest.
        var resumes = run.People.SelectMany(p => p.Resumes).Order().ToList();
        Assert.True(resumes.Count >= run.People.Count, $"Only {resumes.Count} of {run.People.Count} resumed.");
        var p95 = resumes[(int)Math.Ceiling(resumes.Count * .95) - 1];
        output.WriteLine(
            $"resumed {resumes.Count} times: p50 {resumes[resumes.Count / 2].TotalMilliseconds:F0} ms, p95 {p95.TotalMilliseconds:F0} ms, " +
            $"longest {resumes[^1].TotalMilliseconds:F0} ms; a timer was late by {lateness.Longest.TotalMilliseconds:F0} ms at most");
        // The figure, wanted under 5 s, is read and not asserted: on a machine with other work it measures that work.
    }

    [SkippableFact]
    public async Task Two_hundred_sent_while_the_worker_is_stopped_are_stored_once_when_it_is_back()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var system = await ChatSystem.StartEmbeddedAsync(workers: 1, limit.Token);
        await using var run = new FailureRun(system, seed: 1);
        await run.GatherAsync(people: 4, rooms: 1, limit.Token);
        var room = run.Rooms[0];
        await system.Workers[0].StopAsync();

        var sent = await Task.WhenAll(run.People.SelectMany(p => Enumerable.Range(0, 50)
            .Select(i => p.SendAsync(room, $"{p.Username}-while-away-{i}", $"{p.Username} while away {i}", limit.Token))));
        var storedMeanwhile = await system.ReadStoredAsync(room, limit.Token);
        await system.Workers[0].StartAsync(limit.Token);
        var verdict = await run.JudgeAsync(limit.Token);

        Assert.DoesNotContain(false, sent);
        Assert.Empty(storedMeanwhile);
        Assert.Empty(verdict.Findings);
        Assert.Equal((200, 200), (verdict.Accepted, verdict.Stored));
    }

    [SkippableFact]
    public async Task The_same_client_id_sent_to_both_apis_is_one_message()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var system = await ChatSystem.StartEmbeddedAsync(workers: 1, limit.Token);
        await using var run = new FailureRun(system, seed: 2);
        await run.GatherAsync(people: 2, rooms: 1, limit.Token);
        var room = run.Rooms[0];
        // The second device of the same person, on the other API.
        await using var elsewhere = await run.People[0].OtherDeviceAsync(firstApi: 1, [room], limit.Token);

        var answers = await Task.WhenAll(
            run.People[0].SendAsync(room, "once", "Only once", limit.Token),
            run.People[0].SendAsync(room, "once", "Only once", limit.Token),
            elsewhere.SendAsync(room, "once", "Only once", limit.Token));
        var verdict = await run.JudgeAsync(limit.Token);

        Assert.DoesNotContain(false, answers);
        Assert.Empty(verdict.Findings);
        Assert.Equal((1, 1), (verdict.Accepted, verdict.Stored));
        Assert.All(run.People.Append(elsewhere), p => Assert.Equal([MessageId.For(run.People[0].Username, "once")], p.ScreenOf(room).Messages.Select(m => m.Id)));
    }
}

/// <summary>How late this process is served at the worst: the measure of a machine that has too much to do.</summary>
internal sealed class TimerLateness : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private long _longest;

    public TimerLateness() => _watching = WatchAsync();

    public TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longest));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var from = System.Diagnostics.Stopwatch.GetTimestamp();
            await Task.Delay(Tick, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var late = System.Diagnostics.Stopwatch.GetElapsedTime(from) - Tick;
            Interlocked.Exchange(ref _longest, Math.Max(late.Ticks, _longest));
        }
    }
}
