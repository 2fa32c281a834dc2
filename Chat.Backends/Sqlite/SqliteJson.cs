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
internal sealed partial class SqliteJson : JsonSerializerContext;
