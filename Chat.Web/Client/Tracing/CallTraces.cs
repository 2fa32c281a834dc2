using System.Diagnostics;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Outbox;

namespace Chat.Web.Client.Tracing;

/// <summary>
/// The trace of each attempt to send something: its context goes along with the call, its spans are reported to the server
/// afterwards, in batches, best effort. Without <see cref="Start"/> there are no traces and no reports.
/// </summary>
public sealed class CallTraces(IChatApi api, TimeProvider time) : IDisposable
{
    // SignalR's client makes a span of each call, and sends that span's context in the call's headers.
    private const string SignalR = "Microsoft.AspNetCore.SignalR.Client";
    private const string Own = "Chat.Browser";
    private const string Kind = "kind";
    private const string Outcome = "outcome";
    private const int Waiting = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly ActivitySource Source = new(Own);
    private readonly Lock _gate = new();
    private readonly Queue<BrowserSpan> _ended = [];
    private ActivityListener? _listener;
    private bool _reporting;

    /// <summary>The server takes spans.</summary>
    public void Start()
    {
        if (_listener is not null)
        {
            return;
        }

        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is Own or SignalR,
            Sample = static (ref ActivityCreationOptions<ActivityContext> o) =>
                o.Source.Name == Own || o.Parent.TraceId != default
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = Ended,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Begins an attempt; disposing ends it.</summary>
    public static Attempt Begin(OutboxKind kind) => new(Source.StartActivity("attempt")?.SetTag(Kind, kind switch
    {
        OutboxKind.Send => BrowserSpanKind.Send,
        OutboxKind.Edit => BrowserSpanKind.Edit,
        OutboxKind.Delete => BrowserSpanKind.Delete,
        _ => BrowserSpanKind.React,
    }));

    public void Dispose() => Stop();

    private void Stop()
    {
        _listener?.Dispose();
        _listener = null;
    }

    private void Ended(Activity activity)
    {
        lock (_gate)
        {
            if (_ended.Count < Waiting)
            {
                _ended.Enqueue(Span(activity));
            }

            if (_reporting)
            {
                return;
            }

            _reporting = true;
        }

        ReportSoon();
    }

    private static BrowserSpan Span(Activity activity) => new()
    {
        TraceId = activity.TraceId.ToHexString(),
        SpanId = activity.SpanId.ToHexString(),
        ParentSpanId = activity.ParentSpanId == default ? null : activity.ParentSpanId.ToHexString(),
        Kind = activity.GetTagItem(Kind) as BrowserSpanKind? ?? BrowserSpanKind.Call,
        StartedAt = activity.StartTimeUtc,
        EndedAt = activity.StartTimeUtc + activity.Duration,
        Outcome = activity.GetTagItem(Outcome) as BrowserOutcome?
            ?? (activity.Status == ActivityStatusCode.Error ? BrowserOutcome.Failed : BrowserOutcome.Done),
    };

    private async void ReportSoon()
    {
        // The report belongs to no trace.
        Activity.Current = null;
        while (true)
        {
            await Task.Delay(Pause, time);
            if (Take() is not { Count: > 0 } spans)
            {
                return;
            }

            try
            {
                // An activity's times are the system's, and so is this one.
                await api.ReportSpansAsync(new BrowserSpanReport { SentAt = DateTimeOffset.UtcNow, Spans = spans }, CancellationToken.None);
            }
            catch (ApiException e)
            {
                // What was not taken is not sent again.
                if (e.Code == ErrorCodes.NotFound)
                {
                    Stop();
                }
            }
        }
    }

    /// <summary>The next spans to report; when there are none, the next one that ends begins anew.</summary>
    private List<BrowserSpan> Take()
    {
        lock (_gate)
        {
            var spans = new List<BrowserSpan>();
            while (spans.Count < Limits.BrowserSpansMax && _ended.TryDequeue(out var span))
            {
                spans.Add(span);
            }

            _reporting = spans.Count > 0;
            return spans;
        }
    }

    /// <summary>One attempt, while it is under way.</summary>
    public readonly struct Attempt(Activity? activity) : IDisposable
    {
        public void Ends(SendVerdictKind verdict) => activity?.SetTag(Outcome, verdict switch
        {
            SendVerdictKind.Done => BrowserOutcome.Done,
            SendVerdictKind.Refused => BrowserOutcome.Refused,
            SendVerdictKind.SignedOut => BrowserOutcome.SignedOut,
            _ => BrowserOutcome.Later,
        });

        public void Dispose() => activity?.Dispose();
    }
}
