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

    internal const string CountUnread =
        """
        SELECT count(*) FROM (
            SELECT 1 FROM (
                SELECT sender, deleted_at FROM messages WHERE room_id = $1 AND (timestamp, id) > ($2, $3) AND (timestamp, id) < ($7, $8)
                ORDER BY timestamp, id LIMIT $4)
            WHERE sender <> $5 AND deleted_at IS NULL LIMIT $6)
        """;

    /// <summary>Mentions by word $1 that are not the user's own ($5) and not found by word $6 as well.</summary>
    internal const string CountMentions =
        """
        SELECT count(*) FROM (
            SELECT 1 FROM (
                SELECT room_id, timestamp, message_id FROM message_words
                WHERE word = $1 AND room_id = $2 AND (timestamp, message_id) > ($3, $4) AND (timestamp, message_id) < ($9, $10)
                ORDER BY timestamp, message_id LIMIT $7) AS m
            WHERE NOT EXISTS (
                    SELECT 1 FROM message_words AS own
                    WHERE own.word = $5 AND own.room_id = m.room_id AND own.timestamp = m.timestamp AND own.message_id = m.message_id)
                AND NOT EXISTS (
                    SELECT 1 FROM message_words AS other
                    WHERE other.word = $6 AND other.room_id = m.room_id AND other.timestamp = m.timestamp AND other.message_id = m.message_id)
            LIMIT $8)
        """;

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
            session => roomIds.Distinct(StringComparer.Ordinal)
                .Select(room => session.First(
                    ReadNewestFirst, SqliteMessageRow.Read, room, Time(First), First.Id, Time(Last), Last.Id, 1))
                .OfType<Message>()
                .ToDictionary(message => message.RoomId, StringComparer.Ordinal),
            cancellationToken);

    public Task<UnreadCount> CountUnreadAsync(
        string roomId, string username, MessageCursor? readUpTo, MessageCursor? before, CancellationToken cancellationToken)
    {
        var mark = readUpTo ?? First;
        var to = before ?? Last;
        return database.ReadAsync(
            Backend,
            session =>
            {
                var unread = session.Number(CountUnread, roomId, Time(mark), mark.Id, MaxLookedAt, username, Limits.UnreadMax, Time(to), to.Id) ?? 0;
                var user = SqliteMessageWords.Mention(username);
                var mentions = unread == 0 ? 0 : Mentions(session, user, "") + Mentions(session, SqliteMessageWords.Mention("room"), user);
                return new UnreadCount((int)unread, (int)Math.Min(mentions, Limits.UnreadMax));
            },
            cancellationToken);

        long Mentions(SqliteSession session, string word, string countedAlready) =>
            session.Number(
                CountMentions, word, roomId, Time(mark), mark.Id, SqliteMessageWords.From(username), countedAlready, MaxLookedAt, Limits.UnreadMax,
                Time(to), to.Id) ?? 0;
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
