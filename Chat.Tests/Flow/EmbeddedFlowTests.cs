using Chat.Contracts;
using Chat.Tests.Failures;

namespace Chat.Tests.EndToEnd;

/// <summary>The whole flow on the stand-ins: API processes, workers, Garnet and one SQLite file.</summary>
[Collection(FailureCollection.Name)]
public sealed class EmbeddedFlowTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    [Fact]
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

    [Fact]
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
        // The queue holds them; but what it did not confirm within a moment, on a busy machine, the API saved itself.
        Assert.NotEqual(200, storedMeanwhile.Count);
        Assert.Empty(verdict.Findings);
        Assert.Equal((200, 200), (verdict.Accepted, verdict.Stored));
    }

    [Fact]
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
