using System.Buffers;
using Chat.Contracts;

namespace Chat.Api.BrowserSpans;

/// <summary>What a report of spans must look like to be exported as if it were ours.</summary>
internal static class BrowserSpanRules
{
    private const int TraceIdLength = 32;
    private const int SpanIdLength = 16;
    private static readonly TimeSpan LongestSpan = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan OldestSpan = TimeSpan.FromMinutes(10);

    /// <summary>What the way of the report explains; a greater difference is that of the clocks.</summary>
    private static readonly TimeSpan Transit = TimeSpan.FromSeconds(1);

    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    public static bool IsValid(BrowserSpanReport report) =>
        report.Spans is { Count: >= 1 and <= Limits.BrowserSpansMax } spans && spans.All(span => IsValid(span, report.SentAt));

    /// <summary>Spans at the times of this server, also where the browser's clock is wrong.</summary>
    public static IEnumerable<BrowserSpan> OnOurClock(BrowserSpanReport report, DateTimeOffset now)
    {
        var difference = now - report.SentAt;
        return difference.Duration() <= Transit
            ? report.Spans
            : report.Spans.Select(s => s with { StartedAt = s.StartedAt + difference, EndedAt = s.EndedAt + difference });
    }

    private static bool IsValid(BrowserSpan? span, DateTimeOffset sentAt) =>
        span is not null
        && IsId(span.TraceId, TraceIdLength)
        && IsId(span.SpanId, SpanIdLength)
        && (span.ParentSpanId is null || IsId(span.ParentSpanId, SpanIdLength))
        && Enum.IsDefined(span.Kind)
        && Enum.IsDefined(span.Outcome)
        && span.EndedAt >= span.StartedAt
        && span.EndedAt - span.StartedAt <= LongestSpan
        && span.EndedAt <= sentAt
        && sentAt - span.EndedAt <= OldestSpan;

    private static bool IsId(string? id, int length) =>
        id?.Length == length && !id.AsSpan().ContainsAnyExcept(Hexadecimal) && id.AsSpan().ContainsAnyExcept('0');
}
