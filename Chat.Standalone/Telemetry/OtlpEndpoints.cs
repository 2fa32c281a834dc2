using System.IO.Compression;
using Chat.Standalone.Dashboard;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Chat.Standalone.Telemetry;

/// <summary>OTLP over HTTP with protobuf: <c>POST /v1/traces</c> and so on, with the key that each process was given.</summary>
internal static class OtlpEndpoints
{
    private const int LargestRequest = 16 * 1024 * 1024;

    public static void MapOtlp(this IEndpointRouteBuilder routes, TelemetryStore store, Func<string?> apiKey)
    {
        routes.MapPost("/v1/traces", context => ReceiveAsync(context, apiKey(), request => store.Add(OtlpReader.ReadSpans(request))));
        routes.MapPost("/v1/metrics", context => ReceiveAsync(context, apiKey(), request => store.Add(OtlpMetricsReader.Read(request))));
        // Logs are followed on the console; taking and dropping them keeps the exporter quiet.
        routes.MapPost("/v1/logs", context => ReceiveAsync(context, apiKey(), _ => { }));
    }

    private static async Task ReceiveAsync(HttpContext context, string? apiKey, Action<ByteString> receive)
    {
        if (apiKey is null || !DashboardAccess.Same(context.Request.Headers["x-otlp-api-key"].ToString(), apiKey))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (context.Request.ContentType?.StartsWith("application/x-protobuf", StringComparison.OrdinalIgnoreCase) != true)
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        var body = context.Request.Headers.ContentEncoding == "gzip"
            ? new GZipStream(context.Request.Body, CompressionMode.Decompress)
            : context.Request.Body;
        using var buffer = new MemoryStream();
        var chunk = new byte[64 * 1024];
        int read;
        while ((read = await body.ReadAsync(chunk, context.RequestAborted)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > LargestRequest)
            {
                context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                return;
            }
        }

        try
        {
            receive(ByteString.CopyFrom(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
        }
        catch (InvalidProtocolBufferException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        // An empty message: everything was taken.
        context.Response.ContentType = "application/x-protobuf";
    }
}
