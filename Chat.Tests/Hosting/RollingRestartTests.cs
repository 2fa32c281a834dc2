using System.Globalization;
using Chat.Tests.Failures;

namespace Chat.Tests.Hosting;

/// <summary>
/// A rolling restart of the API as the AppHost runs it. <c>CHAT_RESUME_PEOPLE</c> people (6 if not said) take part; with
/// <c>CHAT_RESUME_P95_SECONDS</c> the test fails when the 95th percentile of their times to resume is not below it. Without it the figure is
/// read and not judged: on a machine with other work it measures that work.
/// </summary>
[Collection(FailureCollection.Name)]
public sealed class RollingRestartTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task Apis_replaced_one_after_the_other_under_load_lose_nothing_and_show_nothing_twice()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var system = await AppHostChat.StartAsync(["--Chat:Backing=embedded"], limit.Token);
        Assert.Equal(2, system.Replicas.Count);
        await using var run = new FailureRun(system, seed: 3);
        await run.GatherAsync((int)(Asked("PEOPLE") ?? 6), rooms: 2, limit.Token);
        await using var lateness = new TimerLateness();

        var result = await run.RunAsync(
            "rolling restart", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3),
            token => system.ReplaceAsync(system.Replicas[0], token), token => system.ReplaceAsync(system.Replicas[1], token), limit.Token);

        Assert.True(result.Verdict.Kept, string.Join(Environment.NewLine, result.Verdict.Findings.Concat(run.Trouble.Take(50))));
        Assert.True(result.Verdict.Accepted > 50, $"Only {result.Verdict.Accepted} messages were accepted.");
        Assert.Equal((0, 0, 0, 0), (result.Verdict.Lost, result.Verdict.Duplicated, result.Verdict.Misordered, result.Verdict.ChangesLost));

        // Everybody lost a connection when the second was replaced, at the latest.
        var resumes = run.People.SelectMany(p => p.Resumes).ToList();
        Assert.True(resumes.Count >= run.People.Count, $"Only {resumes.Count} of {run.People.Count} resumed.");
        var p95 = Quantile(resumes.Select(r => r.CaughtUp), .95);
        output.WriteLine(
            $"{run.People.Count} people, {result.Verdict.Accepted} messages; resumed {resumes.Count} times: {Say(resumes.Select(r => r.CaughtUp))}; " +
            $"of this until connected: {Say(resumes.Select(r => r.Connected))}; a timer was late by {lateness.Longest.TotalMilliseconds:F0} ms at most");
        foreach (var trouble in run.Trouble.Where(t => t.Contains("connect: ", StringComparison.Ordinal)))
        {
            output.WriteLine(trouble);
        }

        if (Asked("P95_SECONDS") is { } wanted)
        {
            Assert.True(p95 < TimeSpan.FromSeconds(wanted), $"p95 {p95} is not under {wanted} s.");
        }
    }

    private static string Say(IEnumerable<TimeSpan> times) =>
        $"p50 {Quantile(times, .5).TotalMilliseconds:F0} ms, p95 {Quantile(times, .95).TotalMilliseconds:F0} ms, longest {times.Max().TotalMilliseconds:F0} ms";

    private static TimeSpan Quantile(IEnumerable<TimeSpan> times, double quantile) =>
        times.Order().ElementAt((int)Math.Ceiling(times.Count() * quantile) - 1);

    private static double? Asked(string name) =>
        Environment.GetEnvironmentVariable($"CHAT_RESUME_{name}") is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;
}
