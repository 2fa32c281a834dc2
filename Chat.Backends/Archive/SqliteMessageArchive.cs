using System.Text.Json;
using Chat.Backends.Files;
using Chat.Backends.Sqlite;
using Chat.Contracts;

namespace Chat.Backends.Archive;

/// <summary>The archive in a SQLite file. Each query is a seek in an index and the rows of about a page from there: docs/archive.md.</summary>
public sealed partial class SqliteMessageArchive(SqliteDatabase database) : IMessageArchive
{
    private const string Backend = "chatdb";

    /// <summary>Rows that counting unread looks at: one's own and deleted ones are among them, and not counted.</summary>
    private const int MaxLookedAt = 4 * Limits.UnreadMax;

    private const int ErasedAtOnce = 200;
    private static readonly MessageCursor First = new(DateTimeOffset.MinValue, "");
    private static readonly MessageCursor Last = new(DateTimeOffset.MaxValue, "");

    internal const string ReadNewestFirst =
        $"SELECT {SqliteMessageRow.Columns} FROM messages WHERE room_id = $1 AND (timestamp, id) > ($2, $3) AND (timestamp, id) < ($4, $5) ORDER BY timestamp DESC, id DESC LIMIT $6";

    internal const string ReadOldestFirst =
        $"SELECT {SqliteMessageRow.Columns} FROM messages WHERE room_id = $1 AND (timestamp, id) > ($2, $3) AND (timestamp, id) < ($4, $5) ORDER BY timestamp, id LIMIT $6";

    internal const string ReadBySender =
        $"SELECT {SqliteMessageRow.Columns} FROM messages WHERE sender = $1 AND (timestamp, id) > ($2, $3) ORDER BY timestamp, id LIMIT $4";

    internal const string ReadNewest =
        $"""
        SELECT {SqliteMessageRow.Columns} FROM messages WHERE id IN (
            SELECT (SELECT id FROM messages WHERE room_id = r.value ORDER BY timestamp DESC, id DESC LIMIT 1) FROM json_each($1) AS r)
        """;

    /// <summary>
    /// Of each of the ranges $1 what user $2 has not read, looking at $3 rows and counting to $4 at most: all; those with word $5 (a
    /// mention of the user); those with word $6 (of the room) and not $5. Word $7 marks the user's own.
    /// </summary>
    internal const string CountUnread =
        $"""
        SELECT
            r.value ->> 'room',
            (SELECT count(*) FROM (
                SELECT 1 FROM (
                    SELECT sender, deleted_at FROM messages
                    WHERE room_id = r.value ->> 'room' AND (timestamp, id) > (r.value ->> 'after', r.value ->> 'afterId')
                        AND (timestamp, id) < (r.value ->> 'before', r.value ->> 'beforeId')
                    ORDER BY timestamp, id LIMIT $3)
                WHERE sender <> $2 AND deleted_at IS NULL LIMIT $4)),
            {MentionsOfUser},
            {MentionsOfRoom}
        FROM json_each($1) AS r
        """;

    private const string MentionsOfUser =
        $"""
        (SELECT count(*) FROM (
            SELECT 1 FROM ({MentionsWith}$5{InRange}) AS m
            WHERE NOT EXISTS ({TheSameWith}$7{AsWell})
            LIMIT $4))
        """;

    private const string MentionsOfRoom =
        $"""
        (SELECT count(*) FROM (
            SELECT 1 FROM ({MentionsWith}$6{InRange}) AS m
            WHERE NOT EXISTS ({TheSameWith}$7{AsWell}) AND NOT EXISTS ({TheSameWith}$5{AsWell})
            LIMIT $4))
        """;

    private const string MentionsWith = "SELECT room_id, timestamp, message_id FROM message_words WHERE word = ";

    private const string InRange =
        """
         AND room_id = r.value ->> 'room' AND (timestamp, message_id) > (r.value ->> 'after', r.value ->> 'afterId')
            AND (timestamp, message_id) < (r.value ->> 'before', r.value ->> 'beforeId')
        ORDER BY timestamp, message_id LIMIT $3
        """;

    private const string TheSameWith = "SELECT 1 FROM message_words AS w WHERE w.word = ";

    private const string AsWell = " AND w.room_id = m.room_id AND w.timestamp = m.timestamp AND w.message_id = m.message_id";

    public Task<Message?> FindAsync(string messageId, CancellationToken cancellationToken) =>
        database.ReadAsync(Backend, session => SqliteMessageRow.Find(session, messageId), cancellationToken);

    public async Task<IReadOnlyList<Message>> ReadAsync(
        string roomId, MessageCursor? before, MessageCursor? after, int limit, CancellationToken cancellationToken)
    {
        var from = after ?? First;
        var to = before ?? Last;
        var oldest = after is not null && before is null;
        var page = await database.ReadAsync(
            Backend,
            session => session.Query(
                oldest ? ReadOldestFirst : ReadNewestFirst, SqliteMessageRow.Read,
                roomId, Time(from), from.Id, Time(to), to.Id, limit),
            cancellationToken);
        if (!oldest)
        {
            page.Reverse();
        }

        return page;
    }

    public Task<IReadOnlyDictionary<string, Message>> ReadNewestAsync(
        IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<string, Message>>(
            Backend,
            session => session.Query(ReadNewest, SqliteMessageRow.Read, SqliteJson.Write(roomIds))
                .ToDictionary(message => message.RoomId, StringComparer.Ordinal),
            cancellationToken);

    public Task<IReadOnlyDictionary<string, UnreadCount>> CountUnreadAsync(
        string username, IReadOnlyCollection<UnreadRange> ranges, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.Serialize([.. ranges.Select(Range)], SqliteJson.Default.IReadOnlyListSqliteUnreadRange);
        return database.ReadAsync<IReadOnlyDictionary<string, UnreadCount>>(
            Backend,
            session => session.Query(
                    CountUnread,
                    row => (Room: row.GetString(0), Unread: row.GetInt32(1), Mentions: row.GetInt32(2) + row.GetInt32(3)),
                    json, username, MaxLookedAt, Limits.UnreadMax,
                    SqliteMessageWords.Mention(username), SqliteMessageWords.Mention("room"), SqliteMessageWords.From(username))
                .ToDictionary(r => r.Room, r => new UnreadCount(r.Unread, Math.Min(r.Mentions, Limits.UnreadMax)), StringComparer.Ordinal),
            cancellationToken);

        static SqliteUnreadRange Range(UnreadRange range)
        {
            var (after, before) = (range.After ?? First, range.Before ?? Last);
            return new SqliteUnreadRange(range.RoomId, Time(after), after.Id, Time(before), before.Id);
        }
    }

    public async Task<IReadOnlyList<Message>> ReadBySenderAsync(
        string sender, MessageCursor? after, int limit, CancellationToken cancellationToken)
    {
        var from = after ?? First;
        return await database.ReadAsync(
            Backend, session => session.Query(ReadBySender, SqliteMessageRow.Read, sender, Time(from), from.Id, limit), cancellationToken);
    }

    public Task<bool> EraseRoomAsync(string roomId, CancellationToken cancellationToken) =>
        database.WriteAsync(
            Backend,
            session =>
            {
                var messages = session.Query(
                    ReadOldestFirst, SqliteMessageRow.Read, roomId, Time(First), First.Id, Time(Last), Last.Id, ErasedAtOnce);
                foreach (var message in messages)
                {
                    SqliteMessageWords.Replace(session, message, null);
                    session.Execute("DELETE FROM messages WHERE id = $1", message.Id);
                }

                SqliteFiles.RemoveByRoom(session, roomId);
                return session.Execute("DELETE FROM early_changes WHERE room_id = $1", roomId) == 0 && messages.Count < ErasedAtOnce;
            },
            cancellationToken);

    private static long Time(MessageCursor cursor) => cursor.Timestamp.ToUnixTimeMilliseconds();
}
