using System.Globalization;
using System.Text;

namespace Chat.Tests.Failures;

/// <summary>One fault's figures. Times are of the run they were measured in; only the counts are promises.</summary>
internal sealed record FaultResult(
    string Fault, int Seed, Verdict Verdict, int Attempts, int Refusals, TimeSpan P50, TimeSpan P99, TimeSpan LongestStall)
{
    /// <summary>First answers to sends during the fault that were an acknowledgement, 0 to 1.</summary>
    public double AcceptedAtOnce => Attempts == 0 ? 1 : 1 - ((double)Refusals / Attempts);
}

/// <summary>The table of <c>docs/failures.md</c>.</summary>
internal static class FailureReport
{
    public static string Write(IEnumerable<FaultResult> results)
    {
        var text = new StringBuilder()
            .AppendLine("| fault | seed | accepted | stored | lost | duplicated | order | changes lost | accepted at once | p50 | p99 | longest stall |")
            .AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var r in results)
        {
            var v = r.Verdict;
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {r.Fault} | {r.Seed} | {v.Accepted} | {v.Stored} | {v.Lost} | {v.Duplicated} | {(v.Misordered == 0 ? "equal" : "DIFFERS")} | {v.ChangesLost} | {r.AcceptedAtOnce:P1} | {r.P50.TotalMilliseconds:F0} ms | {r.P99.TotalMilliseconds:F0} ms | {r.LongestStall.TotalMilliseconds:F0} ms |");
        }

        return text.ToString();
    }
}
