using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Files;

public sealed partial class MongoFiles
{
    public Task RemoveByUploaderAsync(string uploader, CancellationToken cancellationToken) => gate.SaveAsync(
        (c, token) => c.Files.UpdateManyAsync(Where.Eq(f => f.Uploader, uploader) & Where.Eq(f => f.Removed, false), Gone, cancellationToken: token),
        cancellationToken);

    public Task<IReadOnlyList<StoredFile>> DueAsync(int limit, CancellationToken cancellationToken) => gate.CallAsync<IReadOnlyList<StoredFile>>(
        async (c, token) => (await c.Files.Find(Where.Lte(f => f.SweepAt, time.GetUtcNow().UtcDateTime), new FindOptions { MaxTime = gate.Timeout })
            .SortBy(f => f.SweepAt).Limit(limit).ToListAsync(token)).ConvertAll(f => f.ToFile()),
        cancellationToken);

    public Task PostponeAsync(StoredFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        return gate.SaveAsync(
            (c, token) => c.Files.UpdateOneAsync(
                Where.Eq(f => f.Id, file.Id) & Where.Eq(f => f.Removed, false) & Where.Ne(f => f.SweepAt, null),
                Set.Set(f => f.SweepAt, (time.GetUtcNow() + FileLife.Unsettled).UtcDateTime),
                cancellationToken: token),
            cancellationToken);
    }

    public async Task SettleAsync(StoredFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        var content = ObjectId.Parse(file.Content);
        await EraseUploadsAsync(file.Id, content, cancellationToken);
        await gate.SaveAsync(
            (c, token) => c.Files.UpdateOneAsync(
                Where.Eq(f => f.Id, file.Id) & Where.Eq(f => f.Removed, false) & Where.Eq(f => f.Content, content),
                Set.Unset(f => f.SweepAt),
                cancellationToken: token),
            cancellationToken);
    }

    public async Task EraseAsync(StoredFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        ObjectId? content = file.Content is { } name ? ObjectId.Parse(name) : null;
        var gone = await gate.SaveAsync(
            async (c, token) => (await c.Files.UpdateOneAsync(
                Where.Eq(f => f.Id, file.Id) & Where.Eq(f => f.MessageId, file.MessageId) & Where.Eq(f => f.Content, content)
                    & Where.Eq(f => f.CreatedAt, file.CreatedAt.UtcDateTime),
                Gone,
                cancellationToken: token)).MatchedCount == 1,
            cancellationToken);
        if (gone)
        {
            await EraseUploadsAsync(file.Id, null, cancellationToken);
            await gate.SaveAsync(
                (c, token) => c.Files.DeleteOneAsync(Where.Eq(f => f.Id, file.Id) & Where.Eq(f => f.Removed, true) & Where.Size(f => f.Uploads, 0), token),
                cancellationToken);
        }
    }

    /// <summary>An upload that was begun meanwhile is not among them.</summary>
    private async Task EraseUploadsAsync(string id, ObjectId? except, CancellationToken cancellationToken)
    {
        var uploads = (await gate.CallAsync((c, token) => FindAsync(c, id, token), cancellationToken))?.Uploads ?? [];
        foreach (var upload in uploads.Where(u => u != except))
        {
            await gate.SaveAsync(
                async (c, token) =>
                {
                    // Not the bucket's own deletion: it fails, and leaves the chunks, where an upload did not come to its end.
                    await c.FileChunks.DeleteManyAsync(Builders<BsonDocument>.Filter.Eq("files_id", upload), token);
                    await c.FileContents.DeleteOneAsync(Builders<BsonDocument>.Filter.Eq("_id", upload), token);
                    return await c.Files.UpdateOneAsync(Where.Eq(f => f.Id, id), Set.Pull(f => f.Uploads, upload), cancellationToken: token);
                },
                cancellationToken);
        }
    }
}
