using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Chat.Contracts;

namespace Chat.Api.BrowserSpans;

/// <summary>
/// An ExportTraceServiceRequest of OTLP 1 in Protocol Buffers, with a browser's spans. The field numbers are those of
/// opentelemetry/proto/trace/v1/trace.proto, which are stable.
/// </summary>
internal static class OtlpTraceRequest
{
    private const string ServiceName = "browser";
    private const ulong Internal = 1;
    private const ulong Client = 3;
    private const ulong Error = 2;

    public static byte[] Write(IEnumerable<BrowserSpan> spans)
    {
        var resource = new Fields().Message(1, Attribute("service.name", ServiceName));
        var scope = new Fields().Text(1, "Chat.Browser");
        var scopeSpans = spans.Aggregate(new Fields().Message(1, scope), (all, span) => all.Message(2, Span(span)));
        return new Fields().Message(1, new Fields().Message(1, resource).Message(2, scopeSpans)).ToArray();
    }

    private static Fields Span(BrowserSpan span)
    {
        var fields = new Fields()
            .Bytes(1, Convert.FromHexString(span.TraceId))
            .Bytes(2, Convert.FromHexString(span.SpanId));
        if (span.ParentSpanId is { } parent)
        {
            fields.Bytes(4, Convert.FromHexString(parent));
        }

        fields.Text(5, Name(span.Kind))
            .Number(6, span.Kind == BrowserSpanKind.Call ? Client : Internal)
            .Fixed(7, Nanoseconds(span.StartedAt))
            .Fixed(8, Nanoseconds(span.EndedAt))
            .Message(9, Attribute("chat.outcome", Name(span.Outcome)));
        return span.Outcome == BrowserOutcome.Done ? fields : fields.Message(15, new Fields().Number(3, Error));
    }

    private static string Name(BrowserSpanKind kind) => kind switch
    {
        BrowserSpanKind.Send => "send message",
        BrowserSpanKind.Edit => "edit message",
        BrowserSpanKind.Delete => "delete message",
        BrowserSpanKind.React => "react",
        _ => "call the hub",
    };

    private static string Name(BrowserOutcome outcome) => outcome switch
    {
        BrowserOutcome.Done => "done",
        BrowserOutcome.Later => "later",
        BrowserOutcome.Refused => "refused",
        BrowserOutcome.SignedOut => "signed_out",
        _ => "failed",
    };

    private static Fields Attribute(string key, string value) => new Fields().Text(1, key).Message(2, new Fields().Text(1, value));

    private static ulong Nanoseconds(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>Fields of one message, in the order of writing.</summary>
    private sealed class Fields
    {
        private const int VarintType = 0;
        private const int FixedType = 1;
        private const int BytesType = 2;
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        public Fields Number(int field, ulong value) => Tag(field, VarintType).Varint(value);

        public Fields Fixed(int field, ulong value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            Tag(field, FixedType)._bytes.Write(bytes);
            return this;
        }

        public Fields Bytes(int field, ReadOnlySpan<byte> value)
        {
            Tag(field, BytesType).Varint((ulong)value.Length)._bytes.Write(value);
            return this;
        }

        public Fields Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public Fields Message(int field, Fields value) => Bytes(field, value._bytes.WrittenSpan);

        private Fields Tag(int field, int type) => Varint((ulong)((field << 3) | type));

        private Fields Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                _bytes.Write([(byte)(value | 0x80)]);
            }

            _bytes.Write([(byte)value]);
            return this;
        }
    }
}
