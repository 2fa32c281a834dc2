using System.Globalization;
using Google.Protobuf;

namespace Chat.Standalone.Telemetry;

/// <summary>Reads metrics.proto: the latest value of each gauge, sum and histogram.</summary>
internal static class OtlpMetricsReader
{
    public static List<Measurement> Read(ByteString request)
    {
        List<Measurement> read = [];
        OtlpReader.Each(request, (1, resourceMetrics =>
        {
            var (service, instance) = ("", "");
            OtlpReader.Each(resourceMetrics, (1, resource => (service, instance) = OtlpReader.Identity(resource)));
            OtlpReader.Each(resourceMetrics, (2, scope => OtlpReader.Each(scope, (2, metric => ReadMetric(metric, service, instance, read)))));
        }
        ));
        return read;
    }

    private static void ReadMetric(ByteString metric, string service, string instance, List<Measurement> read)
    {
        var (name, description, unit) = ("", "", "");
        OtlpReader.Fields(metric, (number, input) =>
        {
            switch (number)
            {
                case 1: name = input.ReadString(); return true;
                case 2: description = input.ReadString(); return true;
                case 3: unit = input.ReadString(); return true;
                case 5 or 7:
                    OtlpReader.Each(input.ReadBytes(), (1, point => Add(point, 7, Number(point))));
                    return true;
                case 9:
                    OtlpReader.Each(input.ReadBytes(), (1, point => Add(point, 9, Histogram(point))));
                    return true;
                default: return false;
            }
        });

        void Add(ByteString point, int attributesField, string value)
        {
            var tags = OtlpReader.Attributes(point, attributesField).OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}={t.Value}");
            read.Add(new(service, instance, name, unit, description, string.Join(", ", tags), value));
        }
    }

    private static string Number(ByteString point)
    {
        var value = "";
        OtlpReader.Fields(point, (number, input) =>
        {
            switch (number)
            {
                case 4: value = input.ReadDouble().ToString("0.###", CultureInfo.InvariantCulture); return true;
                case 6: value = input.ReadSFixed64().ToString(CultureInfo.InvariantCulture); return true;
                default: return false;
            }
        });
        return value;
    }

    private static string Histogram(ByteString point)
    {
        ulong count = 0;
        var sum = 0d;
        List<ulong> buckets = [];
        List<double> bounds = [];
        OtlpReader.Fields(point, (number, input) =>
        {
            switch (number)
            {
                case 4: count = input.ReadFixed64(); return true;
                case 5: sum = input.ReadDouble(); return true;
                case 6: Packed(input, i => buckets.Add(i.ReadFixed64())); return true;
                case 7: Packed(input, i => bounds.Add(i.ReadDouble())); return true;
                default: return false;
            }
        });
        return count == 0 ? "0" : string.Create(CultureInfo.InvariantCulture,
            $"{count} × {sum / count:0.####}, p50 ≤ {Under(0.5)}, p95 ≤ {Under(0.95)}");

        string Under(double part)
        {
            ulong seen = 0;
            for (var i = 0; i < buckets.Count; i++)
            {
                seen += buckets[i];
                if (seen >= count * part)
                {
                    return i < bounds.Count ? bounds[i].ToString("0.####", CultureInfo.InvariantCulture) : "∞";
                }
            }

            return "?";
        }
    }

    private static void Packed(CodedInputStream input, Action<CodedInputStream> readOne)
    {
        var all = input.ReadBytes().CreateCodedInput();
        while (!all.IsAtEnd)
        {
            readOne(all);
        }
    }
}
