using System.Text.Json.Serialization;
using Chat.Contracts;

namespace Chat.Web.Client.Outbox;

/// <summary>What one tab tells the others about the outbox.</summary>
/// <param name="Username">Whose outbox: another tab may have another user for a moment.</param>
/// <param name="Item">As it is now.</param>
/// <param name="Fate">What became of it.</param>
/// <param name="Receipt">Of a message that was sent.</param>
internal sealed record OutboxNews(string Username, OutboxItem Item, OutboxFate Fate, SendReceipt? Receipt = null);

[JsonConverter(typeof(JsonStringEnumConverter<OutboxFate>))]
internal enum OutboxFate
{
    /// <summary>Put in, or got further, or failed.</summary>
    Kept,
    Sent,
    Discarded,
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OutboxItem))]
[JsonSerializable(typeof(OutboxNews))]
internal sealed partial class OutboxJson : JsonSerializerContext;
