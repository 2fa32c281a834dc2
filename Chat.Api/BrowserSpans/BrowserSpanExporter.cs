using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Chat.Contracts;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;

namespace Chat.Api.BrowserSpans;

/// <summary>
/// Exports browsers' spans as those of a service <c>browser</c>, best effort: a collector that does not take them costs nobody
/// anything but the spans. An Activity cannot be given the span ID that the browser chose, so they do not go through the SDK.
/// </summary>
internal sealed partial class BrowserSpanExporter(
    IOptions<OtlpExporterOptions> options, ILogger<BrowserSpanExporter> logger) : BackgroundService
{
    private const int Waiting = 2_000;
    private const int Batch = 500;
    private static readonly Counter<long> Dropped =
        Telemetry.Meter.CreateCounter<long>("chat.browser.spans.dropped", description: "Spans of browsers that could not be exported");

    private readonly Channel<BrowserSpan> _spans = Channel.CreateBounded<BrowserSpan>(Waiting);

    /// <summary>Returns at once; what does not fit is dropped.</summary>
    public void Export(IEnumerable<BrowserSpan> spans)
    {
        foreach (var span in spans)
        {
            if (!_spans.Writer.TryWrite(span))
            {
                Dropped.Add(1);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var collector = new OtlpClient(options.Value);
        var batch = new List<BrowserSpan>(Batch);
        while (await _spans.Reader.WaitToReadAsync(stoppingToken))
        {
            batch.Clear();
            while (batch.Count < Batch && _spans.Reader.TryRead(out var span))
            {
                batch.Add(span);
            }

            try
            {
                await collector.SendAsync(OtlpTraceRequest.Write(batch), stoppingToken);
            }
#pragma warning disable CA1031 // Whatever the collector does, the next spans are tried again.
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                Dropped.Add(batch.Count);
                LogDropped(batch.Count, e.GetType().Name);
            }
        }
    }

    [LoggerMessage(1600, LogLevel.Debug, "{Count} spans of browsers could not be exported: {Error}")]
    private partial void LogDropped(int count, string error);
}
