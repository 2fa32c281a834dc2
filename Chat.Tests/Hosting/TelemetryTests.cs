using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Aspire.Hosting.Testing;
using Chat.Standalone.Dashboard;
using Chat.Standalone.Running;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Chat.Tests.Hosting;

/// <summary>OpenTelemetry's own exporter against the dashboard's receiver.</summary>
public sealed class TelemetryTests : IAsyncLifetime, IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(5));
    private readonly IDistributedApplicationTestingBuilder _builder = DistributedApplicationTestingBuilder.Create("--Chat:Dashboard=true");
    private readonly HttpClient _http = new();
    private DashboardServer _dashboard = null!;

    [Fact]
    public async Task The_journey_of_a_message_is_one_trace_also_where_the_consumer_only_links_to_it()
    {
        using var api = new ActivitySource($"api-{Guid.NewGuid()}");
        using var worker = new ActivitySource($"worker-{Guid.NewGuid()}");
        string trace;
        using (Exporting("api", api.Name))
        using (Exporting("worker", worker.Name))
        {
            using var send = api.StartActivity("send message", ActivityKind.Server)!;
            trace = send.TraceId.ToHexString();
            using var publish = api.StartActivity("message_save publish", ActivityKind.Producer)!;
            publish.SetTag("messaging.system", "rabbitmq");
            Activity.Current = null;
            using var consume = worker.StartActivity("message_save consume", ActivityKind.Consumer, new ActivityContext(), links: [new(publish.Context)])!;
            using var save = worker.StartActivity("insert <messages>", ActivityKind.Client, consume.Context)!;
            save.SetStatus(ActivityStatusCode.Error, "duplicate key");
        }

        var list = await _http.GetStringAsync("/traces", _timeout.Token);
        Assert.Contains("send message", list);
        Assert.Contains($"/traces/{trace}", list);
        var page = await _http.GetStringAsync($"/traces/{trace}", _timeout.Token);
        string[] inOrder = ["send message", "message_save publish", "messaging.system", "message_save consume", "insert &lt;messages&gt;", "duplicate key"];
        Assert.Equal(inOrder, inOrder.OrderBy(name => page.IndexOf(name, StringComparison.Ordinal)));
        Assert.All(inOrder, name => Assert.Contains(name, page));
    }

    [Fact]
    public async Task Counters_and_histograms_show_their_latest_values()
    {
        using var meter = new Meter($"meter-{Guid.NewGuid()}");
        using (Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name).ConfigureResource(r => r.AddService("api", serviceInstanceId: "api-1"))
            .AddOtlpExporter((o, reader) => Configure(o, "v1/metrics")).Build())
        {
            meter.CreateCounter<long>("messages.sent").Add(42, KeyValuePair.Create("kind", (object?)"public"));
            var saving = meter.CreateHistogram<double>("save.duration", "ms");
            saving.Record(3);
            saving.Record(7);
        }

        var page = await _http.GetStringAsync("/metrics", _timeout.Token);

        Assert.Contains("messages.sent", page);
        Assert.Contains("kind=public", page);
        Assert.Contains(">42 ", page);
        Assert.Contains("2 × 5, p50 ≤ 5, p95 ≤ 10 ms", WebUtility.HtmlDecode(page));
    }

    [Fact]
    public async Task Telemetry_without_the_key_or_that_is_not_protobuf_is_refused()
    {
        using var nothing = new ByteArrayContent([]);
        nothing.Headers.ContentType = new("application/x-protobuf");
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.PostAsync("/v1/traces", nothing, _timeout.Token)).StatusCode);

        _http.DefaultRequestHeaders.Add("x-otlp-api-key", _builder.Configuration[TelemetryVariables.ApiKeyKey]);
        using var garbage = new ByteArrayContent([0x0a, 0xff, 0xff]);
        garbage.Headers.ContentType = new("application/x-protobuf");
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.PostAsync("/v1/traces", garbage, _timeout.Token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _http.PostAsync("/v1/traces", nothing, _timeout.Token)).StatusCode);
    }

    public async Task InitializeAsync()
    {
        var app = await _builder.BuildAsync(_timeout.Token);
        await app.StartAsync(_timeout.Token);
        _dashboard = app.Services.GetRequiredService<DashboardServer>();
        _http.BaseAddress = _dashboard.Address;
        (await _http.GetAsync(_dashboard.LoginAddress, _timeout.Token)).Dispose();
    }

    public async Task DisposeAsync() => await _builder.DisposeAsync();

    public void Dispose()
    {
        _http.Dispose();
        _timeout.Dispose();
    }

    // Disposing it sends what it has.
    private TracerProvider Exporting(string service, string source) => Sdk.CreateTracerProviderBuilder().AddSource(source)
        .ConfigureResource(r => r.AddService(service, serviceInstanceId: $"{service}-0"))
        .AddOtlpExporter(o => Configure(o, "v1/traces")).Build();

    private void Configure(OtlpExporterOptions options, string path)
    {
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = new Uri(new Uri(_builder.Configuration[TelemetryVariables.EndpointKey]!), path);
        options.Headers = $"x-otlp-api-key={_builder.Configuration[TelemetryVariables.ApiKeyKey]}";
    }
}
