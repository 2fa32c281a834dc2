namespace Chat.Standalone.Telemetry;

/// <summary>A step of a trace, as received.</summary>
public sealed record Span(string TraceId, string SpanId, string ParentId, string Service, string Instance, string Name, int Kind, ulong Start,
    ulong End, bool IsError, string? Error, IReadOnlyList<KeyValuePair<string, string>> Attributes, IReadOnlyList<(string TraceId, string SpanId)> Links)
{
    public TimeSpan Duration => TimeSpan.FromMicroseconds((End - Start) / 1000.0);

    public DateTimeOffset StartTime => DateTimeOffset.UnixEpoch.AddTicks((long)(Start / 100));
}

/// <summary>A line of the list of traces.</summary>
public sealed record TraceSummary(string TraceId, string Name, IReadOnlyList<string> Services, int Spans, bool HasError, DateTimeOffset Start, TimeSpan Duration);

/// <summary>A span at its place in the picture of a trace: how deep, and from where to where, in hundredths of the whole.</summary>
public sealed record PlacedSpan(Span Span, int Depth, double From, double Width);

/// <summary>The latest value of one measurement of one process. Histograms say count, average and what 50 and 95 of 100 stay under.</summary>
public sealed record Measurement(string Service, string Instance, string Name, string Unit, string Description, string Tags, string Value);
