using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chat.Contracts;
using Chat.Tests.Api;
using Chat.Tests.EndToEnd;

namespace Chat.Tests.Tracing;

/// <summary>The browser's report of its spans: what is exported, and what is refused.</summary>
[Collection(TracingCollection.Name)]
public sealed class BrowserSpanTests : IAsyncLifetime
{
    private const string Path = "/api/telemetry/spans";
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Root = "b7ad6b7169203331";
    private const string Other = "00f067aa0ba902b8";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));
    private TracedSystem? _system;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }

        _limit.Dispose();
    }

    [Fact]
    public async Task A_report_is_exported_as_spans_of_the_browser_at_the_times_of_the_server()
    {
        await using var device = await StartAsync();
        var (sent, hourAhead) = (Now, Now.AddHours(1));
        var call = Span(sent) with { SpanId = "00f067aa0ba902b7", ParentSpanId = Root, Kind = BrowserSpanKind.Call };
        await ReportAsync(device, Report(sent, Span(sent), call));
        await ReportAsync(device, Report(hourAhead, Span(hourAhead) with { SpanId = Other, Outcome = BrowserOutcome.Later }));

        var spans = await _system!.Collector.TraceAsync(Trace, s => s.SpanId == Root, s => s.Parent == Root, s => s.SpanId == Other);

        Assert.All(spans, s => Assert.Equal("browser", s.Service));
        var root = spans.Single(s => s.SpanId == Root);
        Assert.Equal(("", "send message", CollectedSpan.Internal, "done"), (root.Parent, root.Name, root.Kind, root.Tags["chat.outcome"]));
        Assert.Equal(TimeSpan.FromMilliseconds(40), root.End - root.Start);
        var behind = spans.Single(s => s.SpanId == Other);
        Assert.Equal((TimeSpan.FromMilliseconds(40), "later"), (behind.End - behind.Start, behind.Tags["chat.outcome"]));
        Assert.InRange(behind.End, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        // A report is no trace itself.
        Assert.DoesNotContain(_system.Collector.Spans, s => s.ToString().Contains("telemetry", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_is_not_signed_in_sends_too_much_too_often_or_something_else_is_refused_and_nothing_of_it_is_exported()
    {
        await using var device = await StartAsync();
        using var stranger = new HttpClient { BaseAddress = _system!.Api.Address };
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, Report(Now, Span(Now))));
        using var otherSite = new HttpRequestMessage(HttpMethod.Post, Path) { Content = Body(Report(Now, Span(Now))) };
        otherSite.Headers.Add("Origin", "https://elsewhere.example.org");
        using var elsewhere = await device.Http.SendAsync(otherSite, _limit.Token);
        Assert.Equal(HttpStatusCode.Forbidden, elsewhere.StatusCode);

        var span = Span(Now);
        BrowserSpanReport[] invalid =
        [
            Report(Now),
            Report(Now, [.. Enumerable.Repeat(span, Limits.BrowserSpansMax + 1)]),
            Report(Now, span with { TraceId = new string('0', 32) }),
            Report(Now, span with { TraceId = Trace.ToUpperInvariant() }),
            Report(Now, span with { SpanId = "not-an-id-at-all" }),
            Report(Now, span with { ParentSpanId = "1" }),
            Report(Now, span with { StartedAt = Now.AddMinutes(-3) }),
            Report(Now, span with { StartedAt = span.EndedAt.AddSeconds(1) }),
            Report(Now, span with { EndedAt = Now.AddSeconds(1) }),
            Report(Now, span with { StartedAt = Now.AddHours(-1), EndedAt = Now.AddHours(-1) }),
        ];
        foreach (var report in invalid)
        {
            Assert.Equal(HttpStatusCode.BadRequest, await PatientAsync(device, () => Body(report)));
        }

        string[] strange =
        [
            "", "{}", "[]", "null", "{\"sentAt\":",
            Text(Report(Now, span)).Replace("\"send\"", "\"anything\"", StringComparison.Ordinal),
            Text(Report(Now, span)).Replace("\"send\"", "17", StringComparison.Ordinal),
            Text(Report(Now, span)).Replace("\"kind\"", "\"name\":\"free text\",\"kind\"", StringComparison.Ordinal),
        ];
        foreach (var text in strange)
        {
            Assert.Equal(HttpStatusCode.BadRequest, await PatientAsync(device, () => Json(text)));
        }

        var large = new string(' ', 20_000) + Text(Report(Now, span));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PatientAsync(device, () => Json(large)));
        var often = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => StatusAsync(device.Http, invalid[0])));
        Assert.Contains(HttpStatusCode.TooManyRequests, often);

        var last = span with { SpanId = "00f067aa0ba902b9" };
        Assert.Equal(HttpStatusCode.NoContent, await PatientAsync(device, () => Body(Report(Now, last))));
        await _system.Collector.TraceAsync(Trace, s => s.SpanId == last.SpanId);
        Assert.All(_system.Collector.Spans.Where(s => s.Service == "browser"), s => Assert.Equal(last.SpanId, s.SpanId));
    }

    [Fact]
    public async Task Where_no_traces_are_exported_the_path_does_not_exist()
    {
        var directory = Directory.CreateTempSubdirectory("chat-no-spans-");
        await using (var api = new ApiInstance("127.0.0.1:1", System.IO.Path.Combine(directory.FullName, "chat.db")))
        {
            using var http = new HttpClient { BaseAddress = api.Address };
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, Report(Now, Span(Now))));
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        directory.Delete(recursive: true);
    }

    private static BrowserSpan Span(DateTimeOffset sent) => new()
    {
        TraceId = Trace,
        SpanId = Root,
        Kind = BrowserSpanKind.Send,
        StartedAt = sent.AddMilliseconds(-50),
        EndedAt = sent.AddMilliseconds(-10),
        Outcome = BrowserOutcome.Done,
    };

    private static BrowserSpanReport Report(DateTimeOffset sent, params BrowserSpan[] spans) => new() { SentAt = sent, Spans = spans };

    private static JsonContent Body(BrowserSpanReport report) => JsonContent.Create(report, ChatJson.Default.BrowserSpanReport);

    private static string Text(BrowserSpanReport report) => JsonSerializer.Serialize(report, ChatJson.Default.BrowserSpanReport);

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private async Task<Device> StartAsync()
    {
        _system = await TracedSystem.StartEmbeddedAsync(_limit.Token);
        var device = new Device();
        device.Http.BaseAddress = _system.Api.Address;
        await device.SignUpWithRoomAsync(_system.Api.Address, _limit.Token);
        return device;
    }

    private async Task ReportAsync(Device device, BrowserSpanReport report) =>
        Assert.Equal(HttpStatusCode.NoContent, await StatusAsync(device.Http, report));

    private async Task<HttpStatusCode> StatusAsync(HttpClient http, BrowserSpanReport report)
    {
        using var answer = await http.PostAsync(new Uri(Path, UriKind.Relative), Body(report), _limit.Token);
        return answer.StatusCode;
    }

    /// <summary>The status once the rate allows it.</summary>
    private async Task<HttpStatusCode> PatientAsync(Device device, Func<HttpContent> body)
    {
        var status = HttpStatusCode.TooManyRequests;
        await Backends.Eventually.IsTrueAsync(
            async () =>
            {
                using var answer = await device.Http.PostAsync(new Uri(Path, UriKind.Relative), body(), _limit.Token);
                return (status = answer.StatusCode) != HttpStatusCode.TooManyRequests;
            },
            "the rate allows another report");
        return status;
    }
}
