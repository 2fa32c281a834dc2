using System.Text.Json;
using System.Text.Json.Serialization;
using Chat.Contracts;

namespace Chat.Backends.Pods;

/// <summary>What goes over the wire between pods: who sent it, and the event.</summary>
internal sealed record PodEnvelope(string Pod, PodEvent Event);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcMillisecondsConverter)])]
[JsonSerializable(typeof(PodEnvelope))]
[JsonSerializable(typeof(string))]
internal sealed partial class PodJson : JsonSerializerContext;
