using System.Runtime.CompilerServices;

namespace Chat.Standalone.Telemetry;

/// <summary>The traces and metrics received, in memory: the newest traces, and the latest value of each measurement.</summary>
internal sealed class TelemetryStore
{
    private const int KeptTraces = 1_000;
    private const int KeptSpansOfATrace = 2_000;
    private const int KeptMeasurements = 10_000;
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Span>> _traces = [];
    private readonly Queue<string> _order = new();
    private readonly Dictionary<(string, string, string), Measurement> _measurements = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(IEnumerable<Span> spans)
    {
        lock (_gate)
        {
            foreach (var span in spans)
            {
                if (!_traces.TryGetValue(span.TraceId, out var trace))
                {
                    trace = _traces[span.TraceId] = [];
                    _order.Enqueue(span.TraceId);
                    if (_order.Count > KeptTraces)
                    {
                        _traces.Remove(_order.Dequeue());
                    }
                }

                if (trace.Count < KeptSpansOfATrace)
                {
                    trace.Add(span);
                }
            }
        }

        Tell();
    }

    public void Add(IEnumerable<Measurement> measurements)
    {
        lock (_gate)
        {
            foreach (var m in measurements)
            {
                var key = (m.Instance.Length > 0 ? m.Instance : m.Service, m.Name, m.Tags);
                if (_measurements.Count < KeptMeasurements || _measurements.ContainsKey(key))
                {
                    _measurements[key] = m;
                }
            }
        }

        Tell();
    }

    /// <summary>Newest first. Health probes are left out: they would drown everything else.</summary>
    public IReadOnlyList<TraceSummary> Traces(int limit)
    {
        lock (_gate)
        {
            return
            [
                .. _traces.Select(t => (Id: t.Key, Spans: t.Value, Root: t.Value.OrderBy(s => s.ParentId.Length).ThenBy(s => s.Start).First()))
                    .Where(t => !IsProbe(t.Root))
                    .Select(t => new TraceSummary(t.Id, t.Root.Name, [.. t.Spans.OrderBy(s => s.Start).Select(s => s.Service).Distinct()], t.Spans.Count,
                        t.Spans.Exists(s => s.IsError), t.Spans.MinBy(s => s.Start)!.StartTime,
                        TimeSpan.FromMicroseconds((t.Spans.Max(s => s.End) - t.Spans.Min(s => s.Start)) / 1000.0)))
                    .OrderByDescending(t => t.Start).Take(limit),
            ];
        }
    }

    /// <summary>The spans of a trace, and of those that link to it (a consumer's, which took it from a queue), as a tree on one time line.</summary>
    public IReadOnlyList<PlacedSpan> Trace(string traceId)
    {
        List<Span> all;
        lock (_gate)
        {
            all = [.. _traces.GetValueOrDefault(traceId, [])];
            all.AddRange(_traces.Where(t => t.Key != traceId && t.Value.Exists(s => s.Links.Any(l => l.TraceId == traceId))).SelectMany(t => t.Value));
        }

        if (all.Count == 0)
        {
            return [];
        }

        var known = all.Select(s => s.SpanId).ToHashSet();
        string Parent(Span s) => known.Contains(s.ParentId) ? s.ParentId
            : s.Links.FirstOrDefault(l => l.TraceId == traceId && known.Contains(l.SpanId)).SpanId ?? "";
        var children = all.DistinctBy(s => s.SpanId).ToLookup(Parent);
        var (from, to) = (all.Min(s => s.Start), all.Max(s => s.End));
        var whole = Math.Max(1.0, to - from);
        List<PlacedSpan> placed = [];
        Place("", 0);
        return placed;

        void Place(string parent, int depth)
        {
            foreach (var span in children[parent].OrderBy(s => s.Start))
            {
                placed.Add(new(span, depth, (span.Start - from) * 100 / whole, Math.Max(0.4, (span.End - span.Start) * 100 / whole)));
                if (span.SpanId.Length > 0 && depth < 64)
                {
                    Place(span.SpanId, depth + 1);
                }
            }
        }
    }

    public IReadOnlyList<Measurement> Metrics()
    {
        lock (_gate)
        {
            return [.. _measurements.Values.OrderBy(m => m.Name, StringComparer.Ordinal).ThenBy(m => m.Instance, StringComparer.Ordinal).ThenBy(m => m.Tags, StringComparer.Ordinal)];
        }
    }

    /// <summary>Something for each change, at most twice a second.</summary>
    public async IAsyncEnumerable<string> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
            await Task.Delay(Breath, cancellationToken);
            yield return "changed";
        }
    }

    private static bool IsProbe(Span root) =>
        root.Attributes.Any(a => a is { Key: "url.path" or "http.target", Value: "/health" or "/alive" });

    private void Tell()
    {
        lock (_gate)
        {
            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
