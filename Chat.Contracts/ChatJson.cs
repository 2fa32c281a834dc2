using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chat.Contracts;

/// <summary>
/// How everything is written: camelCase, nulls left out, times in UTC as ISO 8601 with milliseconds. Source generated, so
/// that the trimmed browser client and the servers write the same.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcMillisecondsConverter)])]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(MessageChange))]
[JsonSerializable(typeof(MessageEdited))]
[JsonSerializable(typeof(MessageDeleted))]
[JsonSerializable(typeof(ReactionChanged))]
[JsonSerializable(typeof(MessagePage))]
[JsonSerializable(typeof(ChangePage))]
[JsonSerializable(typeof(SearchPage))]
[JsonSerializable(typeof(PostMessageRequest))]
[JsonSerializable(typeof(EditContentRequest))]
[JsonSerializable(typeof(SendMessage))]
[JsonSerializable(typeof(SendReceipt))]
[JsonSerializable(typeof(EditMessage))]
[JsonSerializable(typeof(DeleteMessage))]
[JsonSerializable(typeof(React))]
[JsonSerializable(typeof(TypingEvent))]
[JsonSerializable(typeof(PresenceEvent))]
[JsonSerializable(typeof(ReadEvent))]
[JsonSerializable(typeof(RoomRemovedEvent))]
[JsonSerializable(typeof(ResyncEvent))]
[JsonSerializable(typeof(Credentials))]
[JsonSerializable(typeof(Me))]
[JsonSerializable(typeof(ChangePasswordRequest))]
[JsonSerializable(typeof(UpdateMeRequest))]
[JsonSerializable(typeof(DeleteAccountRequest))]
[JsonSerializable(typeof(IReadOnlyList<SessionInfo>))]
[JsonSerializable(typeof(IReadOnlyList<UserInfo>))]
[JsonSerializable(typeof(RoomSummary))]
[JsonSerializable(typeof(IReadOnlyList<RoomSummary>))]
[JsonSerializable(typeof(IReadOnlyList<RoomMember>))]
[JsonSerializable(typeof(RoomChanged))]
[JsonSerializable(typeof(CreateRoomRequest))]
[JsonSerializable(typeof(UpdateRoomRequest))]
[JsonSerializable(typeof(AddMemberRequest))]
[JsonSerializable(typeof(UpdateMemberRequest))]
[JsonSerializable(typeof(DirectRoomRequest))]
[JsonSerializable(typeof(ReadRequest))]
[JsonSerializable(typeof(RoomInvite))]
[JsonSerializable(typeof(Attachment))]
[JsonSerializable(typeof(BrowserSpanReport))]
[JsonSerializable(typeof(ApiProblem))]
public sealed partial class ChatJson : JsonSerializerContext;

/// <summary>What a client needs of a ProblemDetails (RFC 9457) with our <c>code</c>.</summary>
public sealed record ApiProblem(string? Title = null, int? Status = null, string? Detail = null, string? Code = null);

/// <summary>Writes <c>2026-02-08T14:50:00.000Z</c>; reads any ISO 8601 time with an offset.</summary>
public sealed class UtcMillisecondsConverter : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString(Format, System.Globalization.CultureInfo.InvariantCulture));
}
