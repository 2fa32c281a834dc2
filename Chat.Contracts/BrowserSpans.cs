using System.Text.Json.Serialization;

namespace Chat.Contracts;

/// <summary>
/// The body of <c>POST /api/telemetry/spans</c>: when the browser's calls began and ended, so that a trace begins where the
/// user does. IDs, times and codes only; no text, no names. The path answers only where the server exports traces.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BrowserSpanReport
{
    /// <summary>The browser's clock when it sends this; tells how far that clock is off.</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>At least one, at most <see cref="Limits.BrowserSpansMax"/>.</summary>
    public required IReadOnlyList<BrowserSpan> Spans { get; init; }
}

/// <summary>One call, as the W3C trace context that went with it identifies it.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BrowserSpan
{
    /// <summary>32 lower-case hexadecimal digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>16 lower-case hexadecimal digits.</summary>
    public required string SpanId { get; init; }

    /// <summary>Null for the first span of its trace.</summary>
    public string? ParentSpanId { get; init; }

    public required BrowserSpanKind Kind { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset EndedAt { get; init; }

    public required BrowserOutcome Outcome { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<BrowserSpanKind>))]
public enum BrowserSpanKind
{
    [JsonStringEnumMemberName("send")] Send,
    [JsonStringEnumMemberName("edit")] Edit,
    [JsonStringEnumMemberName("delete")] Delete,
    [JsonStringEnumMemberName("react")] React,

    /// <summary>The hub call inside of one of the others.</summary>
    [JsonStringEnumMemberName("call")] Call,
}

[JsonConverter(typeof(JsonStringEnumConverter<BrowserOutcome>))]
public enum BrowserOutcome
{
    /// <summary>The server accepted it.</summary>
    [JsonStringEnumMemberName("done")] Done,

    /// <summary>Not this time; the browser tries again, with a new trace.</summary>
    [JsonStringEnumMemberName("later")] Later,

    /// <summary>The server refused it for good.</summary>
    [JsonStringEnumMemberName("refused")] Refused,

    [JsonStringEnumMemberName("signed_out")] SignedOut,

    /// <summary>The hub call failed; the span around it says how.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}
