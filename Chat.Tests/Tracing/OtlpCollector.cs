using System.Buffers.Binary;
using System.Collections.Concurrent;
using Chat.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Tracing;

/// <summary>A span as it arrived.</summary>
internal sealed record CollectedSpan(
    string Service, string Source, string TraceId, string SpanId, string Parent, string State, string Name, int Kind,
    DateTimeOffset Start, DateTimeOffset End, IReadOnlyDictionary<string, string> Tags)
{
    public const int Internal = 1;
    public const int Server = 2;
    public const int Client = 3;
    public const int Producer = 4;
    public const int Consumer = 5;

    public override string ToString() =>
        $"{Service} {Name} ({Source}, kind {Kind}) {TraceId}/{SpanId} in '{Parent}': {string.Join(", ", Tags)}";
}

/// <summary>A log line as it arrived.</summary>
internal sealed record CollectedLog(string Service, string Category, string Text, IReadOnlyDictionary<string, string> Attributes);

/// <summary>What OTLP exporters send to, over HTTP and over gRPC, each at a port of its own.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    /// <summary>What an exporter must send along.</summary>
    public const string Key = "secret-of-the-collector";

    private const string KeyHeader = "x-otlp-api-key";
    private readonly WebApplication _app;
    private readonly int _http = FreePort.Next();
    private readonly int _grpc = FreePort.Next();

    private OtlpCollector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.ListenLocalhost(_http);
            o.ListenLocalhost(_grpc, listen => listen.Protocols = HttpProtocols.Http2);
        });
        _app = builder.Build();
        Map("/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", TakeSpans);
        Map("/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export", TakeLogs);
        Map("/v1/metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", static _ => { });
    }

    public ConcurrentQueue<CollectedSpan> Spans { get; } = [];

    public ConcurrentQueue<CollectedLog> Logs { get; } = [];

    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector._app.StartAsync();
        return collector;
    }

    /// <summary>What a service needs to export to here.</summary>
    public Dictionary<string, string?> EnvironmentOf(string service, bool grpc = false) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{(grpc ? _grpc : _http)}",
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = grpc ? "grpc" : "http/protobuf",
        ["OTEL_EXPORTER_OTLP_HEADERS"] = $"{KeyHeader}={Key}",
        ["OTEL_SERVICE_NAME"] = service,
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
    };

    public IReadOnlyList<CollectedSpan> Trace(string traceId) => [.. Spans.Where(s => s.TraceId == traceId)];

    /// <summary>The trace, once it has everything.</summary>
    public async Task<IReadOnlyList<CollectedSpan>> TraceAsync(string traceId, params Predicate<CollectedSpan>[] everything)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var spans = Trace(traceId);
            if (everything.All(one => spans.Any(s => one(s))))
            {
                return spans;
            }

            Assert.True(
                clock.Elapsed < Backends.Eventually.Patience,
                $"Not all of it arrived in the trace:{Environment.NewLine}{string.Join(Environment.NewLine, spans)}{Environment.NewLine}"
                + $"Others:{Environment.NewLine}{string.Join(Environment.NewLine, Spans.Except(spans).TakeLast(40))}");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private void Map(string path, string method, Action<WireMessage> take)
    {
        _app.MapPost(path, async context =>
        {
            if (IsKnown(context))
            {
                take(new WireMessage(await ReadAsync(context)));
                context.Response.ContentType = "application/x-protobuf";
            }
        });
        _app.MapPost(method, async context =>
        {
            if (IsKnown(context))
            {
                var frame = await ReadAsync(context);
                Assert.Equal(frame.Length - 5, (int)BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(1)));
                take(new WireMessage(frame.AsMemory(5)));
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(new byte[5]);
                context.Response.AppendTrailer("grpc-status", "0");
            }
        });
    }

    private static bool IsKnown(HttpContext context)
    {
        if (context.Request.Headers[KeyHeader] == Key)
        {
            return true;
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return false;
    }

    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    private void TakeSpans(WireMessage request)
    {
        foreach (var (service, scope) in Scopes(request))
        {
            foreach (var span in scope.Messages(2))
            {
                Spans.Enqueue(new CollectedSpan(
                    service, scope.Message(1)?.Text(1) ?? "", span.Hex(1), span.Hex(2), span.Hex(4), span.Text(3), span.Text(5),
                    (int)span.Number(6), Time(span.Number(7)), Time(span.Number(8)), span.Attributes(9)));
            }
        }
    }

    private void TakeLogs(WireMessage request)
    {
        foreach (var (service, scope) in Scopes(request))
        {
            foreach (var log in scope.Messages(2))
            {
                Logs.Enqueue(new CollectedLog(service, scope.Message(1)?.Text(1) ?? "", log.Message(5)?.Text(1) ?? "", log.Attributes(6)));
            }
        }
    }

    private static IEnumerable<(string Service, WireMessage Scope)> Scopes(WireMessage request) =>
        from resource in request.Messages(1)
        let service = resource.Message(1)!.Attributes(1)["service.name"]
        from scope in resource.Messages(2)
        select (service, scope);

    private static DateTimeOffset Time(ulong nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(long.CreateChecked(nanoseconds / TimeSpan.NanosecondsPerTick));
}
