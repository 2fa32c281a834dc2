using Chat.Backends.Sqlite;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Files;

/// <summary>
/// Files in a SQLite file: <c>files</c> says what is known, <c>file_chunks</c> holds the bytes, each upload's under a name of its own that
/// <c>file_uploads</c> notes before the first. A chunk is a commit, so that a large file holds up nobody's message.
/// </summary>
public sealed partial class SqliteFiles(SqliteDatabase database, TimeProvider time) : IFiles
{
    private const string Backend = "chatdb";
    private const string Columns =
        "id, room_id, uploader, name, content_type, size, width, height, created_at, message_id, removed, content";

    internal const string Find = $"SELECT {Columns} FROM files WHERE id = $1";
    internal const string Due = $"SELECT {Columns} FROM files WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2";
    internal const string FindChunk = "SELECT data FROM file_chunks WHERE upload = $1 AND n = $2";
    internal const string FindUploads = "SELECT upload FROM file_uploads WHERE file_id = $1";

    private const string AddChunk =
        "INSERT INTO file_chunks (upload, n, data) SELECT $1, $2, $3 WHERE EXISTS (SELECT 1 FROM file_uploads WHERE file_id = $4 AND upload = $1)";

    private const string Gone = "removed = 1, sweep_at = 0";

    public async Task<StoredFile> SaveAsync(NewFile file, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(content);
        var upload = Guid.NewGuid().ToString("N");
        if (await database.WriteAsync(Backend, session => Begin(session, file, upload), cancellationToken) is { } known)
        {
            return known;
        }

        var buffer = new byte[FileLife.ChunkBytes];
        var size = 0L;
        for (var n = 0; await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken) is var read and > 0; n++)
        {
            var (number, data) = (n, buffer[..read]);
            size += read;
            // Not for a file that was swept or removed meanwhile: nobody would find these bytes again.
            if (await database.WriteAsync(Backend, session => session.Execute(AddChunk, upload, number, data, file.Id), cancellationToken) == 0)
            {
                throw new BackendUnavailableException(Backend);
            }
        }

        return await database.WriteAsync(Backend, session => Commit(session, file, upload, size), cancellationToken)
            ?? throw new BackendUnavailableException(Backend);
    }

    public Task<StoredFile?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.ReadAsync(Backend, session => session.First(Find, Read, id) is { Content: not null, Removed: false } file ? file : null, cancellationToken);

    public Task<Stream> OpenAsync(StoredFile file, CancellationToken cancellationToken) => Task.FromResult<Stream>(new Reader(database, file));

    public Task<IReadOnlyList<StoredFile>?> AttachAsync(FileOwner owner, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return database.WriteAsync<IReadOnlyList<StoredFile>?>(
            Backend,
            session =>
            {
                var files = new List<StoredFile>();
                foreach (var id in ids)
                {
                    session.Execute(
                        """
                        UPDATE files SET message_id = $4
                        WHERE id = $1 AND room_id = $2 AND uploader = $3 AND message_id IS NULL AND removed = 0 AND content IS NOT NULL
                        """,
                        id, owner.RoomId, owner.Uploader, owner.MessageId);
                    if (session.First(Find, Read, id) is not { Content: not null, Removed: false } file
                        || (file.RoomId, file.Uploader, file.MessageId) != (owner.RoomId, owner.Uploader, owner.MessageId))
                    {
                        return null;
                    }

                    files.Add(file);
                }

                return files;
            },
            cancellationToken);
    }

    /// <summary>In the transaction that deletes the message.</summary>
    internal static void RemoveByMessage(SqliteSession session, string roomId, string messageId) =>
        session.Execute($"UPDATE files SET {Gone} WHERE message_id = $1 AND room_id = $2 AND removed = 0", messageId, roomId);

    internal static void RemoveByRoom(SqliteSession session, string roomId) =>
        session.Execute($"UPDATE files SET {Gone} WHERE room_id = $1 AND removed = 0", roomId);

    /// <summary>What is there already; null when the upload may go on.</summary>
    private StoredFile? Begin(SqliteSession session, NewFile file, string upload)
    {
        if (session.First(Find, Read, file.Id) is { Content: not null, Removed: false } known)
        {
            return known;
        }

        var now = time.GetUtcNow();
        session.Execute(
            """
            INSERT INTO files (id, room_id, uploader, name, content_type, size, created_at, removed, sweep_at) VALUES ($1, $2, $3, $4, $5, 0, $6, 0, $7)
            ON CONFLICT (id) DO UPDATE SET room_id = $2, uploader = $3, message_id = NULL, content = NULL, removed = 0, created_at = $6, sweep_at = $7
            """,
            file.Id, file.RoomId, file.Uploader, file.Name, file.ContentType, now.ToUnixTimeMilliseconds(), Sweep(now));
        session.Execute("INSERT INTO file_uploads (file_id, upload) VALUES ($1, $2)", file.Id, upload);
        return null;
    }

    /// <summary>Ours, or that of who was faster; null when it was swept or removed meanwhile.</summary>
    private static StoredFile? Commit(SqliteSession session, NewFile file, string upload, long size)
    {
        session.Execute(
            """
            UPDATE files SET content = $2, size = $3, name = $4, content_type = $5, width = $6, height = $7
            WHERE id = $1 AND content IS NULL AND removed = 0 AND EXISTS (SELECT 1 FROM file_uploads WHERE file_id = $1 AND upload = $2)
            """,
            file.Id, upload, size, file.Name, file.ContentType, file.Width, file.Height);
        return session.First(Find, Read, file.Id) is { Content: not null, Removed: false } stored ? stored : null;
    }

    private static long Sweep(DateTimeOffset now) => (now + FileLife.Unsettled).ToUnixTimeMilliseconds();

    private static StoredFile Read(SqliteDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt64(5),
        row.IsDBNull(6) ? null : row.GetInt32(6), row.IsDBNull(7) ? null : row.GetInt32(7),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(8)), row.IsDBNull(9) ? null : row.GetString(9),
        row.GetInt64(10) != 0, row.IsDBNull(11) ? null : row.GetString(11));

    private sealed class Reader(SqliteDatabase database, StoredFile file) : ChunkedStream(file.Size)
    {
        protected override async Task<byte[]> ReadChunkAsync(long number, CancellationToken cancellationToken) =>
            await database.ReadAsync(Backend, session => session.First(FindChunk, row => (byte[])row[0], file.Content, number), cancellationToken)
            ?? throw new EndOfStreamException("A file was removed while it was read.");
    }
}
