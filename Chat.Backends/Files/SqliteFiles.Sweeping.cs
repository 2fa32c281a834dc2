namespace Chat.Backends.Files;

public sealed partial class SqliteFiles
{
    public Task RemoveByUploaderAsync(string uploader, CancellationToken cancellationToken) => database.WriteAsync(
        Backend, session => session.Execute($"UPDATE files SET {Gone} WHERE uploader = $1 AND removed = 0", uploader), cancellationToken);

    public async Task<IReadOnlyList<StoredFile>> DueAsync(int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(Backend, session => session.Query(Due, Read, time.GetUtcNow().ToUnixTimeMilliseconds(), limit), cancellationToken);

    public Task PostponeAsync(StoredFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        return database.WriteAsync(
            Backend,
            session => session.Execute("UPDATE files SET sweep_at = $2 WHERE id = $1 AND removed = 0 AND sweep_at IS NOT NULL", file.Id, Sweep(time.GetUtcNow())),
            cancellationToken);
    }

    public async Task SettleAsync(StoredFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        await EraseUploadsAsync(file.Id, file.Content, cancellationToken);
        await database.WriteAsync(
            Backend,
            session => session.Execute("UPDATE files SET sweep_at = NULL WHERE id = $1 AND removed = 0 AND content = $2", file.Id, file.Content),
            cancellationToken);
    }

    public async Task EraseAsync(StoredFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        var gone = await database.WriteAsync(
            Backend,
            session => session.Execute(
                $"UPDATE files SET {Gone} WHERE id = $1 AND message_id IS $2 AND content IS $3 AND created_at = $4",
                file.Id, file.MessageId, file.Content, file.CreatedAt.ToUnixTimeMilliseconds()) == 1,
            cancellationToken);
        if (gone)
        {
            await EraseUploadsAsync(file.Id, null, cancellationToken);
            await database.WriteAsync(
                Backend,
                session => session.Execute(
                    "DELETE FROM files WHERE id = $1 AND removed = 1 AND NOT EXISTS (SELECT 1 FROM file_uploads WHERE file_id = $1)", file.Id),
                cancellationToken);
        }
    }

    /// <summary>Some chunks a transaction; an upload that was begun meanwhile is not among them.</summary>
    private async Task EraseUploadsAsync(string id, string? except, CancellationToken cancellationToken)
    {
        var uploads = await database.ReadAsync(Backend, session => session.Query(FindUploads, row => row.GetString(0), id), cancellationToken);
        foreach (var upload in uploads.Where(u => u != except))
        {
            while (await database.WriteAsync(
                Backend,
                session => session.Execute(
                    "DELETE FROM file_chunks WHERE upload = $1 AND n IN (SELECT n FROM file_chunks WHERE upload = $1 ORDER BY n LIMIT 8)", upload),
                cancellationToken) > 0)
            {
            }

            await database.WriteAsync(
                Backend, session => session.Execute("DELETE FROM file_uploads WHERE file_id = $1 AND upload = $2", id, upload), cancellationToken);
        }
    }
}
