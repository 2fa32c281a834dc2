using System.Buffers.Binary;
using System.Text;

namespace Chat.Tests.Tracing;

/// <summary>One Protocol Buffers message as its fields, without a schema: enough to read what an exporter sent.</summary>
internal sealed class WireMessage
{
    private readonly List<(int Field, ulong Number, ReadOnlyMemory<byte> Bytes)> _fields = [];

    public WireMessage(ReadOnlyMemory<byte> message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message.Span, ref at);
            var field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((field, Varint(message.Span, ref at), default));
                    break;
                case 1:
                    _fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(message.Span[at..]), default));
                    at += sizeof(ulong);
                    break;
                case 2:
                    var length = (int)Varint(message.Span, ref at);
                    _fields.Add((field, 0, message.Slice(at, length)));
                    at += length;
                    break;
                case 5:
                    _fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(message.Span[at..]), default));
                    at += sizeof(uint);
                    break;
                default:
                    throw new InvalidDataException($"Wire type {tag & 7}.");
            }
        }
    }

    public IEnumerable<WireMessage> Messages(int field) => _fields.Where(f => f.Field == field).Select(f => new WireMessage(f.Bytes));

    public WireMessage? Message(int field) => Messages(field).FirstOrDefault();

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    public ulong Number(int field) => _fields.FirstOrDefault(f => f.Field == field).Number;

    /// <summary>KeyValues with a text, a number or whatever else as its bytes.</summary>
    public Dictionary<string, string> Attributes(int field) => Messages(field).GroupBy(a => a.Text(1)).ToDictionary(
        g => g.Key, g => g.Last().Message(2) is { } value ? value.Text(1) is { Length: > 0 } text ? text : $"{value.Number(3)}" : "");

    private ReadOnlySpan<byte> Bytes(int field) => _fields.FirstOrDefault(f => f.Field == field).Bytes.Span;

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
