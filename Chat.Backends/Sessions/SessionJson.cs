using System.Text.Json;
using System.Text.Json.Serialization;
using Chat.Contracts;

namespace Chat.Backends.Sessions;

/// <summary>How a session is written where it is stored as JSON.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcMillisecondsConverter)])]
[JsonSerializable(typeof(Session))]
internal sealed partial class SessionJson : JsonSerializerContext;
