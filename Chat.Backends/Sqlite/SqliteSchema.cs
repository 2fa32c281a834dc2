using System.Diagnostics;
using Chat.Backends.Availability;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Sqlite;

/// <summary>
/// The tables, brought up to date by whoever opens the file first; <c>user_version</c> says how far. Times are Unix milliseconds,
/// so that a room's order is the index' order.
/// </summary>
internal static class SqliteSchema
{
    private static readonly string[] Versions =
    [
        """
        CREATE TABLE message_save (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL, trace_parent TEXT,
            attempt INTEGER NOT NULL DEFAULT 0, visible_at INTEGER NOT NULL DEFAULT 0, lease TEXT);
        CREATE INDEX message_save_due ON message_save (visible_at, seq);
        CREATE INDEX message_save_lease ON message_save (lease) WHERE lease IS NOT NULL;
        CREATE TABLE message_save_dead (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL, trace_parent TEXT,
            reason TEXT NOT NULL, at INTEGER NOT NULL);
        CREATE INDEX message_save_dead_key ON message_save_dead (key);

        CREATE TABLE messages (
            id TEXT NOT NULL UNIQUE, room_id TEXT NOT NULL, sender TEXT NOT NULL, timestamp INTEGER NOT NULL, content TEXT NOT NULL,
            seq INTEGER NOT NULL, epoch TEXT NOT NULL, client_id TEXT NOT NULL, reply_to TEXT, mentions TEXT NOT NULL,
            reaction_states TEXT, edited_at INTEGER, edit_id TEXT, deleted_at INTEGER);
        CREATE INDEX messages_by_room ON messages (room_id, timestamp, id, sender, deleted_at);
        CREATE INDEX messages_by_sender ON messages (sender, timestamp, id);
        CREATE TABLE early_changes (id TEXT NOT NULL, room_id TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (id, room_id)) WITHOUT ROWID;
        CREATE INDEX early_changes_by_room ON early_changes (room_id);
        CREATE TABLE message_words (
            word TEXT NOT NULL, room_id TEXT NOT NULL, timestamp INTEGER NOT NULL, message_id TEXT NOT NULL,
            PRIMARY KEY (word, room_id, timestamp, message_id)) WITHOUT ROWID;

        CREATE TABLE users (
            username TEXT PRIMARY KEY, display_name TEXT NOT NULL, password_hash TEXT, security_stamp TEXT NOT NULL,
            created_at INTEGER NOT NULL, deleted_at INTEGER, version INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE user_prefixes (prefix TEXT NOT NULL, username TEXT NOT NULL, PRIMARY KEY (prefix, username)) WITHOUT ROWID;
        CREATE INDEX user_prefixes_by_user ON user_prefixes (username);

        CREATE TABLE rooms (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, kind INTEGER NOT NULL, topic TEXT, created_by TEXT NOT NULL, created_at INTEGER NOT NULL,
            archived_at INTEGER, direct_members TEXT) WITHOUT ROWID;
        CREATE TABLE room_prefixes (prefix TEXT NOT NULL, room_id TEXT NOT NULL, PRIMARY KEY (prefix, room_id)) WITHOUT ROWID;
        CREATE INDEX room_prefixes_by_room ON room_prefixes (room_id);
        CREATE TABLE members (
            room_id TEXT NOT NULL, username TEXT NOT NULL, role INTEGER NOT NULL, joined_at INTEGER NOT NULL,
            read_timestamp INTEGER, read_id TEXT, muted INTEGER NOT NULL, PRIMARY KEY (room_id, username)) WITHOUT ROWID;
        CREATE INDEX members_by_user ON members (username, room_id);

        CREATE TABLE sessions (
            id TEXT PRIMARY KEY, username TEXT NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER, body TEXT) WITHOUT ROWID;
        CREATE INDEX sessions_by_user ON sessions (username, expires_at);
        CREATE INDEX sessions_by_expiry ON sessions (expires_at);
        CREATE TABLE data_protection_keys (name TEXT PRIMARY KEY, xml TEXT NOT NULL) WITHOUT ROWID;
        """,
        """
        ALTER TABLE messages ADD COLUMN attachments TEXT;
        CREATE TABLE files (
            id TEXT PRIMARY KEY, room_id TEXT NOT NULL, uploader TEXT NOT NULL, name TEXT NOT NULL, content_type TEXT NOT NULL,
            size INTEGER NOT NULL, width INTEGER, height INTEGER, created_at INTEGER NOT NULL, message_id TEXT, removed INTEGER NOT NULL,
            content TEXT, sweep_at INTEGER) WITHOUT ROWID;
        CREATE INDEX files_by_message ON files (message_id) WHERE message_id IS NOT NULL;
        CREATE INDEX files_by_room ON files (room_id);
        CREATE INDEX files_by_uploader ON files (uploader);
        CREATE INDEX files_by_sweep ON files (sweep_at) WHERE sweep_at IS NOT NULL;
        CREATE TABLE file_uploads (file_id TEXT NOT NULL, upload TEXT NOT NULL, PRIMARY KEY (file_id, upload)) WITHOUT ROWID;
        CREATE TABLE file_chunks (upload TEXT NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (upload, n));
        """,
        "ALTER TABLE rooms ADD COLUMN invite_round INTEGER NOT NULL DEFAULT 0",
    ];

    /// <summary>Several processes may come here at the same time: one does it, the others wait for it.</summary>
    public static void Prepare(SqliteSession session, TimeSpan patience)
    {
        UseWal(session, patience);
        session.Execute("BEGIN IMMEDIATE");
        try
        {
            var version = (int)(session.Number("PRAGMA user_version") ?? 0);
            if (version > Versions.Length)
            {
                throw new InvalidOperationException($"The file is of a later version ({version}) than this program knows ({Versions.Length}).");
            }

            for (; version < Versions.Length; version++)
            {
                session.Script(Versions[version] + $"; PRAGMA user_version = {version + 1};");
            }

            session.Execute("COMMIT");
        }
        catch
        {
            session.Execute("ROLLBACK");
            throw;
        }
    }

    /// <summary>Turning WAL on needs the file alone and does not wait for it by itself.</summary>
    private static void UseWal(SqliteSession session, TimeSpan patience)
    {
        var began = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                session.Script("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;");
                return;
            }
            catch (SqliteException e) when (SqliteErrors.ConcernsFile(e) && began.Elapsed < patience)
            {
                Thread.Sleep(10);
            }
        }
    }
}
