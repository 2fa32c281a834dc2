using System.Text.Json;
using System.Text.Json.Serialization;
using Chat.Contracts;

namespace Chat.Backends.Pods;

/// <summary>
/// What goes over the wire between pods: who sent it, and the event. <c>Apart</c>: the sender cannot use Redis; it says so
/// without an event too, so that those who can also publish where it hears them.
/// </summary>
internal sealed record PodEnvelope(string Pod, PodEvent? Event, bool? Apart = null);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcMillisecondsConverter)])]
[JsonSerializable(typeof(PodEnvelope))]
[JsonSerializable(typeof(string))]
internal sealed partial class PodJson : JsonSerializerContext
{
    /// <summary>How every envelope of the pod begins: <c>{"pod":"…",</c>.</summary>
    public static byte[] HeadOf(PodIdentity pod) =>
        System.Text.Encoding.UTF8.GetBytes($"{{\"pod\":{JsonSerializer.Serialize(pod.Id, Default.String)},");
}
