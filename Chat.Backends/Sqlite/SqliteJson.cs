using System.Text.Json;
using System.Text.Json.Serialization;
using Chat.Backends.Sessions;
using Chat.Contracts;

namespace Chat.Backends.Sqlite;

/// <summary>How lists and whole records stand in a column.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcMillisecondsConverter)])]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<ReactionState>))]
[JsonSerializable(typeof(IReadOnlyList<Attachment>))]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(Session))]
[JsonSerializable(typeof(IReadOnlyList<SqliteUnreadRange>))]
internal sealed partial class SqliteJson : JsonSerializerContext
{
    /// <summary>Different values as a parameter for <c>json_each</c>: one statement for all of them.</summary>
    public static string Write(IEnumerable<string> values) =>
        JsonSerializer.Serialize([.. values.Distinct(StringComparer.Ordinal)], Default.IReadOnlyListString);
}

/// <summary>A part of a room as a parameter: times in Unix milliseconds, both places exclusive.</summary>
internal sealed record SqliteUnreadRange(string Room, long After, string AfterId, long Before, string BeforeId);
