using System.Globalization;
using Google.Protobuf;

namespace Chat.Standalone.Telemetry;

/// <summary>
/// Reads the fields that the dashboard shows out of OTLP's protobuf messages (opentelemetry-proto 1.x); the rest is skipped, as
/// protobuf intends. The numbers are the fields' in trace.proto, common.proto and resource.proto.
/// </summary>
internal static class OtlpReader
{
    public static List<Span> ReadSpans(ByteString request)
    {
        List<Span> spans = [];
        Each(request, (1, resourceSpans =>
        {
            var (service, instance) = ("", "");
            Each(resourceSpans, (1, resource => (service, instance) = Identity(resource)));
            Each(resourceSpans, (2, scopeSpans => Each(scopeSpans, (2, span => spans.Add(ReadSpan(span, service, instance))))));
        }
        ));
        return spans;
    }

    public static (string Service, string Instance) Identity(ByteString resource)
    {
        var attributes = Attributes(resource, 1).ToDictionary(a => a.Key, a => a.Value);
        return (attributes.GetValueOrDefault("service.name", "?"), attributes.GetValueOrDefault("service.instance.id", ""));
    }

    public static List<KeyValuePair<string, string>> Attributes(ByteString message, int field)
    {
        List<KeyValuePair<string, string>> attributes = [];
        Each(message, (field, pair =>
        {
            var (key, value) = ("", "");
            Fields(pair, (number, input) =>
            {
                switch (number)
                {
                    case 1:
                        key = input.ReadString();
                        return true;
                    case 2:
                        value = AnyValue(input.ReadBytes());
                        return true;
                    default:
                        return false;
                }
            });
            attributes.Add(new(key, value));
        }
        ));
        return attributes;
    }

    /// <summary>Calls for each field; who does not read the field returns false, and it is skipped.</summary>
    public static void Fields(ByteString message, Func<int, CodedInputStream, bool> read)
    {
        var input = message.CreateCodedInput();
        uint tag;
        while ((tag = input.ReadTag()) != 0)
        {
            if (!read(WireFormat.GetTagFieldNumber(tag), input))
            {
                input.SkipLastField();
            }
        }
    }

    /// <summary>Calls for each message or string in one field.</summary>
    public static void Each(ByteString message, (int Field, Action<ByteString> Read) wanted) => Fields(message, (number, input) =>
    {
        if (number != wanted.Field)
        {
            return false;
        }

        wanted.Read(input.ReadBytes());
        return true;
    });

    private static Span ReadSpan(ByteString message, string service, string instance)
    {
        var (trace, id, parent, name, kind, start, end, isError, error) = ("", "", "", "", 0, 0UL, 0UL, false, (string?)null);
        List<(string, string)> links = [];
        Fields(message, (number, input) =>
        {
            switch (number)
            {
                case 1: trace = Hex(input); return true;
                case 2: id = Hex(input); return true;
                case 4: parent = Hex(input); return true;
                case 5: name = input.ReadString(); return true;
                case 6: kind = input.ReadEnum(); return true;
                case 7: start = input.ReadFixed64(); return true;
                case 8: end = input.ReadFixed64(); return true;
                case 13:
                    var (linkTrace, linkSpan) = ("", "");
                    Fields(input.ReadBytes(), (n, link) =>
                    {
                        switch (n)
                        {
                            case 1: linkTrace = Hex(link); return true;
                            case 2: linkSpan = Hex(link); return true;
                            default: return false;
                        }
                    });
                    links.Add((linkTrace, linkSpan));
                    return true;
                case 15:
                    Fields(input.ReadBytes(), (n, status) =>
                    {
                        switch (n)
                        {
                            case 2: error = status.ReadString(); return true;
                            case 3: isError = status.ReadEnum() == 2; return true;
                            default: return false;
                        }
                    });
                    return true;
                default: return false;
            }
        });
        return new(trace, id, parent, service, instance, name, kind, start, Math.Max(start, end), isError, error, Attributes(message, 9), links);
    }

    private static string AnyValue(ByteString message)
    {
        var value = "";
        Fields(message, (number, input) =>
        {
            switch (number)
            {
                case 1: value = input.ReadString(); return true;
                case 2: value = input.ReadBool() ? "true" : "false"; return true;
                case 3: value = input.ReadInt64().ToString(CultureInfo.InvariantCulture); return true;
                case 4: value = input.ReadDouble().ToString(CultureInfo.InvariantCulture); return true;
                case 5:
                    List<string> all = [];
                    Each(input.ReadBytes(), (1, one => all.Add(AnyValue(one))));
                    value = $"[{string.Join(", ", all)}]";
                    return true;
                default: return false;
            }
        });
        return value;
    }

    private static string Hex(CodedInputStream input) => Convert.ToHexStringLower(input.ReadBytes().Span);
}
