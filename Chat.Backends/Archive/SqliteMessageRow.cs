using System.Text.Json;
using Chat.Backends.Sqlite;
using Chat.Contracts;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Archive;

/// <summary>
/// A message as a row of <c>messages</c>: lists are JSON, reactions follow from their states and are not stored twice. Changes that came
/// before their message wait in <c>early_changes</c> as the message they alone would make, in their own room: no page shows them.
/// </summary>
internal static class SqliteMessageRow
{
    public const string Columns =
        "id, room_id, sender, timestamp, content, seq, epoch, client_id, reply_to, mentions, reaction_states, edited_at, edit_id, deleted_at, attachments";

    public const string FindById = $"SELECT {Columns} FROM messages WHERE id = $1";

    public const string FindEarlyChanges = "SELECT state FROM early_changes WHERE id = $1 AND room_id = $2";

    public static Message Read(SqliteDataReader row)
    {
        var states = row.IsDBNull(10) ? null : JsonSerializer.Deserialize(row.GetString(10), SqliteJson.Default.IReadOnlyListReactionState);
        var mentions = row.GetString(9);
        return new Message
        {
            Id = row.GetString(0),
            RoomId = row.GetString(1),
            Sender = row.GetString(2),
            Timestamp = Time(row.GetInt64(3)),
            Content = row.GetString(4),
            Seq = row.GetInt64(5),
            Epoch = row.GetString(6),
            ClientId = row.GetString(7),
            ReplyTo = row.IsDBNull(8) ? null : row.GetString(8),
            Mentions = mentions == "[]" ? [] : JsonSerializer.Deserialize(mentions, SqliteJson.Default.IReadOnlyListString)!,
            ReactionStates = states,
            Reactions = MessageMerge.Reactions(states),
            EditedAt = row.IsDBNull(11) ? null : Time(row.GetInt64(11)),
            EditId = row.IsDBNull(12) ? null : row.GetString(12),
            DeletedAt = row.IsDBNull(13) ? null : Time(row.GetInt64(13)),
            Attachments = row.IsDBNull(14) ? null : JsonSerializer.Deserialize(row.GetString(14), SqliteJson.Default.IReadOnlyListAttachment),
        };
    }

    public static void Insert(SqliteSession session, Message message) =>
        session.Execute(
            $"INSERT INTO messages ({Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            Values(message));

    public static void Update(SqliteSession session, Message message) =>
        session.Execute(
            """
            UPDATE messages SET room_id = $2, sender = $3, timestamp = $4, content = $5, seq = $6, epoch = $7, client_id = $8, reply_to = $9,
                mentions = $10, reaction_states = $11, edited_at = $12, edit_id = $13, deleted_at = $14, attachments = $15
            WHERE id = $1
            """,
            Values(message));

    public static Message? Find(SqliteSession session, string id) =>
        session.First(FindById, Read, id);

    public static Message? FindEarly(SqliteSession session, string id, string roomId) =>
        session.First(
            FindEarlyChanges,
            r => JsonSerializer.Deserialize(r.GetString(0), SqliteJson.Default.Message)!, id, roomId);

    public static void SaveEarly(SqliteSession session, Message state) =>
        session.Execute(
            "INSERT INTO early_changes (id, room_id, state) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET state = excluded.state",
            state.Id, state.RoomId, JsonSerializer.Serialize(state, SqliteJson.Default.Message));

    /// <summary>What a change alone says: sorts before every real message, so that merging takes everything else from the message.</summary>
    public static Message Nothing(MessageChange change) => new()
    {
        Id = change.Id,
        RoomId = change.RoomId,
        Sender = "",
        Content = "",
        Timestamp = DateTimeOffset.MinValue,
    };

    /// <summary>Everything that is stored, in the order of <see cref="Columns"/>; two messages with the same values are the same row.</summary>
    public static object?[] Values(Message m) =>
    [
        m.Id, m.RoomId, m.Sender, m.Timestamp.ToUnixTimeMilliseconds(), m.Content, m.Seq, m.Epoch, m.ClientId, m.ReplyTo,
        m.Mentions.Count == 0 ? "[]" : JsonSerializer.Serialize(m.Mentions, SqliteJson.Default.IReadOnlyListString),
        m.ReactionStates is null ? null : JsonSerializer.Serialize(m.ReactionStates, SqliteJson.Default.IReadOnlyListReactionState),
        m.EditedAt?.ToUnixTimeMilliseconds(), m.EditId, m.DeletedAt?.ToUnixTimeMilliseconds(),
        m.Attachments is null or [] ? null : JsonSerializer.Serialize(m.Attachments, SqliteJson.Default.IReadOnlyListAttachment),
    ];

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
