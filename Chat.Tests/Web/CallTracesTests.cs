using System.Diagnostics;
using Chat.Contracts;
using Chat.Web.Client.Outbox;
using Chat.Web.Client.Tracing;

namespace Chat.Tests.Web;

/// <summary>What the client traces and reports, on the fake server.</summary>
public sealed class CallTracesTests : IDisposable
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;
    private readonly TestClient _alice;
    private readonly CallTraces _traces;

    public CallTracesTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
        _alice = new TestClient(_server, "alice").Start("general");
        _traces = new CallTraces(new FakeApi(_server, "alice"), _sim.Time);
    }

    [Fact]
    public void Where_the_server_does_not_say_that_it_exports_traces_there_are_none_and_nothing_is_reported()
    {
        Say("untraced");
        _sim.RunSeconds(10);
        using var attempt = CallTraces.Begin(OutboxKind.Send);

        Assert.Null(Activity.Current);
        Assert.Empty(_server.Reports);
    }

    [Fact]
    public void Every_attempt_is_a_trace_and_is_reported_with_its_outcome_a_moment_later()
    {
        _traces.Start();
        _sim.Do(() => _server.Refuse = (ErrorCodes.NotAccepted, 1));

        Say("again");
        _sim.RunSeconds(60);

        var spans = _server.Reports.SelectMany(r => r.Spans).ToList();
        Assert.All(spans, s => Assert.Equal(BrowserSpanKind.Send, s.Kind));
        Assert.Equal([BrowserOutcome.Later, BrowserOutcome.Done], spans.Select(s => s.Outcome));
        Assert.Equal(2, spans.Select(s => s.TraceId).Distinct().Count());
        Assert.All(spans, s => Assert.True(s.ParentSpanId is null && s.EndedAt >= s.StartedAt));
    }

    [Fact]
    public void Many_attempts_share_reports_of_limited_size_and_a_report_belongs_to_no_trace()
    {
        _traces.Start();
        Enumerable.Range(0, Limits.BrowserSpansMax + 10).ToList().ForEach(i => Say($"m{i}"));
        _sim.Until(() => _alice.Outbox.Items.Count == 0, "all is sent");
        _sim.RunSeconds(10);

        Assert.Equal(Limits.BrowserSpansMax + 10, _server.Reports.Sum(r => r.Spans.Count));
        Assert.All(_server.Reports, r => Assert.InRange(r.Spans.Count, 1, Limits.BrowserSpansMax));
        Assert.InRange(_server.Reports.Count, 2, 10);
    }

    [Fact]
    public void A_server_that_takes_no_spans_is_asked_once()
    {
        _server.TakesSpans = false;
        _traces.Start();
        Say("one");
        _sim.RunSeconds(10);
        Say("two");
        _sim.RunSeconds(10);

        Assert.Single(_server.Reports);
        using var attempt = CallTraces.Begin(OutboxKind.Send);
        Assert.Null(Activity.Current);
    }

    public void Dispose() => _traces.Dispose();

    private void Say(string text) => _sim.Do(() => _alice.Actions.Send("general", text));
}
