using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using OpenTelemetry.Exporter;

namespace Chat.Api.BrowserSpans;

/// <summary>Sends traces where the service's own exporter sends its: same endpoint, protocol, headers and certificates.</summary>
internal sealed class OtlpClient(OtlpExporterOptions options) : IDisposable
{
    private const string GrpcPath = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
    private const string HttpPath = "v1/traces";
    private readonly HttpClient _http = options.HttpClientFactory();

#pragma warning disable CS0618 // Grpc is obsolete only for target frameworks without HTTP/2.
    private bool IsGrpc => options.Protocol == OtlpExportProtocol.Grpc;
#pragma warning restore CS0618

    /// <exception cref="HttpRequestException">The collector could not be reached or did not take it.</exception>
    public async Task SendAsync(byte[] traces, CancellationToken cancellationToken)
    {
        using var request = Request(traces);
        using var answer = await _http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        if (IsGrpc)
        {
            // The trailers come with the end of the body; a call without a body has the status in its headers.
            await answer.Content.LoadIntoBufferAsync(cancellationToken);
            var status = Status(answer.TrailingHeaders) ?? Status(answer.Headers);
            if (status != "0")
            {
                throw new HttpRequestException($"The collector answered with the gRPC status {status}.");
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private static string? Status(HttpResponseHeaders headers) =>
        headers.TryGetValues("grpc-status", out var values) ? values.FirstOrDefault() : null;

    private HttpRequestMessage Request(byte[] traces)
    {
        var address = new Uri(options.Endpoint.AbsoluteUri.TrimEnd('/') + "/" + (IsGrpc ? GrpcPath : HttpPath));
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(IsGrpc ? Framed(traces) : traces) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(IsGrpc ? "application/grpc" : "application/x-protobuf");
        if (IsGrpc)
        {
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        }

        foreach (var (name, value) in Headers(options.Headers))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    /// <summary>One message, uncompressed: a zero, the length, the message.</summary>
    private static byte[] Framed(byte[] message)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    /// <summary><c>name=value,name=value</c>, URL-encoded, as OTEL_EXPORTER_OTLP_HEADERS has them.</summary>
    private static IEnumerable<(string Name, string Value)> Headers(string? headers) =>
        (headers ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(header => header.Split('=', 2, StringSplitOptions.TrimEntries))
            .Where(parts => parts.Length == 2)
            .Select(parts => (Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[1])));
}
