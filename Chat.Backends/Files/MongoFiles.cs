using Chat.Backends.Database;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.GridFS;

namespace Chat.Backends.Files;

/// <summary>Files in MongoDB: see <see cref="MongoFile"/>.</summary>
public sealed partial class MongoFiles(MongoGate gate, TimeProvider time) : IFiles
{
    private static readonly FilterDefinitionBuilder<MongoFile> Where = Builders<MongoFile>.Filter;
    private static readonly UpdateDefinitionBuilder<MongoFile> Set = Builders<MongoFile>.Update;
    private static readonly UpdateDefinition<MongoFile> Gone = Set.Set(f => f.Removed, true).Set(f => f.SweepAt, DateTime.UnixEpoch);

    public async Task<StoredFile> SaveAsync(NewFile file, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(content);
        var upload = ObjectId.GenerateNewId();
        if (await gate.CallAsync((c, token) => BeginAsync(c, file, upload, token), cancellationToken) is { } known)
        {
            return known.ToFile();
        }

        var size = await WriteAsync(upload, content, cancellationToken);
        return (await gate.SaveAsync((c, token) => CommitAsync(c, file, upload, size, token), cancellationToken))?.ToFile()
            ?? throw new BackendUnavailableException(MongoGate.Backend);
    }

    public async Task<StoredFile?> FindAsync(string id, CancellationToken cancellationToken) =>
        await gate.CallAsync((c, token) => FindAsync(c, id, token), cancellationToken) is { IsThere: true } file ? file.ToFile() : null;

    public async Task<Stream> OpenAsync(StoredFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        var content = ObjectId.Parse(file.Content);
        return new Reader(gate, file.Size, await gate.CallAsync<Stream>(
            async (c, token) => await c.Bucket.OpenDownloadStreamAsync(content, new GridFSDownloadOptions { Seekable = true }, token), cancellationToken));
    }

    public Task<IReadOnlyList<StoredFile>?> AttachAsync(FileOwner owner, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return gate.SaveAsync<IReadOnlyList<StoredFile>?>(
            async (c, token) =>
            {
                var files = new List<StoredFile>();
                foreach (var id in ids)
                {
                    await c.Files.UpdateOneAsync(
                        Where.Eq(f => f.Id, id) & Where.Eq(f => f.RoomId, owner.RoomId) & Where.Eq(f => f.Uploader, owner.Uploader)
                            & Where.Eq(f => f.MessageId, null) & Where.Eq(f => f.Removed, false) & Where.Ne(f => f.Content, null),
                        Set.Set(f => f.MessageId, owner.MessageId),
                        cancellationToken: token);
                    if (await FindAsync(c, id, token) is not { IsThere: true } file
                        || (file.RoomId, file.Uploader, file.MessageId) != (owner.RoomId, owner.Uploader, owner.MessageId))
                    {
                        return null;
                    }

                    files.Add(file.ToFile());
                }

                return files;
            },
            cancellationToken);
    }

    /// <summary>What saved deletions leave behind; each of its own room only.</summary>
    internal static async Task RemoveByMessagesAsync(
        MongoCollections collections, IReadOnlyCollection<(string RoomId, string MessageId)> messages, CancellationToken cancellationToken)
    {
        foreach (var room in messages.GroupBy(m => m.RoomId, m => m.MessageId))
        {
            await collections.Files.UpdateManyAsync(
                Where.In(f => f.MessageId, room) & Where.Eq(f => f.RoomId, room.Key) & Where.Eq(f => f.Removed, false), Gone, cancellationToken: cancellationToken);
        }
    }

    internal static Task RemoveByRoomAsync(MongoCollections collections, string roomId, CancellationToken cancellationToken) =>
        collections.Files.UpdateManyAsync(Where.Eq(f => f.RoomId, roomId) & Where.Eq(f => f.Removed, false), Gone, cancellationToken: cancellationToken);

    private static async Task<MongoFile?> FindAsync(MongoCollections collections, string id, CancellationToken cancellationToken) =>
        await collections.Files.Find(Where.Eq(f => f.Id, id)).FirstOrDefaultAsync(cancellationToken);

    private sealed class Reader(MongoGate gate, long length, Stream content) : ChunkedStream(length)
    {
        protected override Task<byte[]> ReadChunkAsync(long number, CancellationToken cancellationToken) => gate.CallAsync(
            async (_, token) =>
            {
                content.Position = number * FileLife.ChunkBytes;
                var chunk = new byte[Math.Min(FileLife.ChunkBytes, Length - content.Position)];
                await content.ReadExactlyAsync(chunk, token);
                return chunk;
            },
            cancellationToken);

        protected override void Dispose(bool disposing)
        {
            content.Dispose();
            base.Dispose(disposing);
        }
    }
}
