using System.Text.Json;
using Chat.Backends.Search;
using Chat.Backends.Sqlite;
using Chat.Contracts;

namespace Chat.Backends.Archive;

/// <summary>
/// What stands in <c>message_words</c> for a message: its words, who sent it and whom it mentions. The last two begin with a
/// colon, as no word does, and make "from" and unread mentions the same index lookups as words. They follow from the message alone, so a
/// change removes the old message's and adds the new one's. Whoever changes <see cref="Words"/> adds a migration that rebuilds the table.
/// </summary>
internal static class SqliteMessageWords
{
    public static string From(string sender) => ":from:" + sender;

    public static string Mention(string username) => ":mention:" + username;

    public static void Replace(SqliteSession session, Message? before, Message? after)
    {
        var old = Of(before);
        var now = Of(after);
        var moved = before is null || after is null || before.RoomId != after.RoomId || before.Timestamp != after.Timestamp;
        List<string> gone = [.. moved ? old : old.Except(now)];
        if (gone.Count > 0)
        {
            session.Execute(
                """
                DELETE FROM message_words
                WHERE word IN (SELECT value FROM json_each($1)) AND room_id = $2 AND timestamp = $3 AND message_id = $4
                """,
                Write(gone), before!.RoomId, before.Timestamp.ToUnixTimeMilliseconds(), before.Id);
        }

        List<string> come = [.. moved ? now : now.Except(old)];
        if (come.Count > 0)
        {
            // One statement for all words: each would cost the driver more than SQLite.
            session.Execute(
                """
                INSERT OR IGNORE INTO message_words (word, room_id, timestamp, message_id)
                SELECT value, $2, $3, $4 FROM json_each($1) WHERE true ORDER BY value
                """,
                Write(come), after!.RoomId, after.Timestamp.ToUnixTimeMilliseconds(), after.Id);
        }
    }

    private static string Write(IReadOnlyList<string> words) => JsonSerializer.Serialize(words, SqliteJson.Default.IReadOnlyListString);

    /// <summary>Nothing of a deleted message: it is not found and mentions nobody.</summary>
    private static HashSet<string> Of(Message? message) =>
        message is null || message.DeletedAt is not null
            ? []
            : [.. Words.Of(message.Content), From(message.Sender), .. message.Mentions.Select(Mention)];
}
