using Chat.Backends.Database;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.GridFS;

namespace Chat.Backends.Files;

public sealed partial class MongoFiles
{
    /// <summary>What is there already; null when the upload may go on.</summary>
    private async Task<MongoFile?> BeginAsync(MongoCollections collections, NewFile file, ObjectId upload, CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = time.GetUtcNow().UtcDateTime;
            var known = await FindAsync(collections, file.Id, cancellationToken);
            if (known is { IsThere: true })
            {
                return known;
            }

            if (known is null)
            {
                var document = new MongoFile
                {
                    Id = file.Id,
                    RoomId = file.RoomId,
                    Uploader = file.Uploader,
                    Name = file.Name,
                    ContentType = file.ContentType,
                    CreatedAt = now,
                    Uploads = [upload],
                    SweepAt = now + FileLife.Unsettled,
                };
                if (await MongoInsert.TryAsync(collections.Files, document, cancellationToken))
                {
                    return null;
                }
            }
            else if ((await collections.Files.UpdateOneAsync(
                Where.Eq(f => f.Id, file.Id) & Where.Eq(f => f.Removed, known.Removed) & Where.Eq(f => f.Content, known.Content),
                Set.Push(f => f.Uploads, upload).Set(f => f.Removed, false).Unset(f => f.Content).Unset(f => f.MessageId)
                    .Set(f => f.RoomId, file.RoomId).Set(f => f.Uploader, file.Uploader)
                    .Set(f => f.CreatedAt, now).Set(f => f.SweepAt, now + FileLife.Unsettled),
                cancellationToken: cancellationToken)).MatchedCount == 1)
            {
                return null;
            }
        }
    }

    /// <summary>The client's slowness is not the database's: only what is written counts against the gate's time.</summary>
    private async Task<long> WriteAsync(ObjectId upload, Stream content, CancellationToken cancellationToken)
    {
        var stream = await gate.SaveAsync(
            (c, token) => c.Bucket.OpenUploadStreamAsync(
                upload, upload.ToString(), new GridFSUploadOptions { ChunkSizeBytes = FileLife.ChunkBytes, BatchSize = 1 }, token),
            cancellationToken);
        var (buffer, size) = (new byte[FileLife.ChunkBytes], 0L);
        // Not disposed when this fails: that would close, and so finish, what is not whole. Its chunks are swept by the name in the document.
        while (await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken) is var read and > 0)
        {
            size += read;
            // Its own buffer each time: a write that was given up may still be reading it.
            var chunk = buffer[..read];
            await gate.SaveAsync(
                async (_, token) =>
                {
                    await stream.WriteAsync(chunk, token);
                    return true;
                },
                cancellationToken);
        }

        await gate.SaveAsync(
            async (_, token) =>
            {
                await stream.CloseAsync(token);
                return true;
            },
            cancellationToken);
        return size;
    }

    /// <summary>Ours, or that of who was faster; null when it was swept or removed meanwhile.</summary>
    private static async Task<MongoFile?> CommitAsync(
        MongoCollections collections, NewFile file, ObjectId upload, long size, CancellationToken cancellationToken)
    {
        await collections.Files.UpdateOneAsync(
            Where.Eq(f => f.Id, file.Id) & Where.Eq(f => f.Content, null) & Where.Eq(f => f.Removed, false) & Where.AnyEq(f => f.Uploads, upload),
            Set.Set(f => f.Content, upload).Set(f => f.Size, size).Set(f => f.Name, file.Name).Set(f => f.ContentType, file.ContentType)
                .Set(f => f.Width, file.Width).Set(f => f.Height, file.Height),
            cancellationToken: cancellationToken);
        return await FindAsync(collections, file.Id, cancellationToken) is { IsThere: true } stored ? stored : null;
    }
}
