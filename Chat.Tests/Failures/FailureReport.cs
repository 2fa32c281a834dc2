using System.Globalization;
using System.Text;

namespace Chat.Tests.Failures;

/// <summary>
/// One run under one fault. <c>AcceptedAtOnce</c>: the part of the attempts begun during the fault that was acknowledged, 0 to 1. Times are of
/// delivery: from the first attempt to each screen, of what was sent during the fault; the stall is the longest.
/// </summary>
internal sealed record FaultResult(
    string Fault, int Seed, Verdict Verdict, double AcceptedAtOnce, TimeSpan P50, TimeSpan P99, TimeSpan LongestStall);

/// <summary>The table of <c>docs/failures.md</c>.</summary>
internal static class FailureReport
{
    public const string ScheduleName = "random schedule";

    public static string Document(IReadOnlyList<FaultResult> results, int seed)
    {
        var schedules = results.Where(r => r.Fault.StartsWith(ScheduleName, StringComparison.Ordinal)).ToList();
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            # What was seen under every failure

            Written by the soak (`Chat.Tests/Failures`; the command is in [delivery.md](delivery.md)), seed {seed}: two APIs, two workers, four clients
            through the public contract in two rooms, {Workload.PerSecond} messages a second of each with edits and reactions, on real servers, every
            connection through a proxy. The clients chat for two seconds, something breaks for six, is mended, and they chat three more.

            *Stored* is what the database holds, *shown by all* what every client's screen shows of what was accepted, *order* and *changes lost* compare every
            screen and every API's history with the database. *Accepted at once*: the part of the attempts made during the fault that was acknowledged; the others
            were sent again by the client. Times are from the first attempt to each screen, of messages sent during the fault: medians of
            {results.GroupBy(r => r.Fault).Max(g => g.Count())} run(s); the longest stall and the acceptance are the worst of them. Counts are promises; times
            are of the machine of that run.


            """));
        text.Append(Write(results.Except(schedules)));
        if (schedules.Count > 0)
        {
            text.AppendLine().AppendLine("## Several at once, at random times").AppendLine().Append(Write(schedules)).AppendLine();
            foreach (var number in schedules.Select(r => int.Parse(r.Fault[ScheduleName.Length..], CultureInfo.InvariantCulture)))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"- {number}: {string.Join("; ", Schedule.From(number))}");
            }
        }

        return text.ToString();
    }

    /// <summary>One row a fault: counts are summed over its runs, times are medians, the stall and the acceptance are the worst.</summary>
    public static string Write(IEnumerable<FaultResult> results)
    {
        var text = new StringBuilder()
            .AppendLine("| fault | accepted | stored | shown by all | lost | duplicated | order | changes lost | accepted at once | p50 | p99 | longest stall |")
            .AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var runs in results.GroupBy(r => r.Fault).Select(g => g.ToList()))
        {
            int Sum(Func<Verdict, int> count) => runs.Sum(r => count(r.Verdict));
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {runs[0].Fault} | {Sum(v => v.Accepted)} | {Sum(v => v.Stored)} | {Sum(v => v.ShownByAll)} | {Sum(v => v.Lost)} | {Sum(v => v.Duplicated)} | {(Sum(v => v.Misordered) == 0 ? "equal" : "DIFFERS")} | {Sum(v => v.ChangesLost)} | {Percent(runs.Min(r => r.AcceptedAtOnce))} | {Milliseconds(Median(runs, r => r.P50))} | {Milliseconds(Median(runs, r => r.P99))} | {Milliseconds(runs.Max(r => r.LongestStall))} |");
        }

        return text.ToString();
    }

    public static TimeSpan Median(IReadOnlyList<FaultResult> runs, Func<FaultResult, TimeSpan> time) => runs.Select(time).Order().ElementAt(runs.Count / 2);

    private static string Percent(double part) => string.Create(CultureInfo.InvariantCulture, $"{100 * part:F1} %");

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:N0} ms");
}
