using Chat.Backends.Database;
using Chat.Backends.Files;
using Chat.Contracts;
using MongoDB.Driver;

namespace Chat.Backends.Archive;

/// <summary>
/// The archive in MongoDB's collection <c>messages</c> (<see cref="MongoMessage"/>). Paging is by key: a range of the index from
/// the cursor on, the cursor's own millisecond filtered by id, so that a page deep in a room costs what the first costs.
/// </summary>
public sealed partial class MongoMessageArchive(MongoGate gate) : IMessageArchive
{
    private const int ErasedAtOnce = 500;

    /// <summary>Before any message; a range with a lower bound leaves out documents without a timestamp.</summary>
    private static readonly DateTime Beginning = new(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly FilterDefinitionBuilder<MongoMessage> Where = Builders<MongoMessage>.Filter;
    private static readonly SortDefinition<MongoMessage> Forward = Builders<MongoMessage>.Sort.Ascending(m => m.Timestamp).Ascending(m => m.Id);
    private static readonly SortDefinition<MongoMessage> Backward = Builders<MongoMessage>.Sort.Descending(m => m.Timestamp).Descending(m => m.Id);

    public Task<Message?> FindAsync(string messageId, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) => (await c.Messages.Find(Where.Eq(m => m.Id, messageId)).FirstOrDefaultAsync(token))?.ToMessage(), cancellationToken);

    public Task<IReadOnlyList<Message>> ReadAsync(
        string roomId, MessageCursor? before, MessageCursor? after, int limit, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyList<Message>>(
            async (c, token) =>
            {
                var forward = before is null && after is not null;
                var found = await FindAsync(c, Where.Eq(m => m.RoomId, roomId) & Between(before, after), "room_order", forward ? Forward : Backward, limit, token);
                if (!forward)
                {
                    found.Reverse();
                }

                return found;
            },
            cancellationToken);

    public Task<IReadOnlyList<Message>> ReadBySenderAsync(string sender, MessageCursor? after, int limit, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyList<Message>>(
            async (c, token) => await FindAsync(c, Where.Eq(m => m.Sender, sender) & Between(null, after), "sender_order", Forward, limit, token),
            cancellationToken);

    public Task<bool> EraseRoomAsync(string roomId, CancellationToken cancellationToken) => gate.SaveAsync(
        async (c, token) =>
        {
            var ids = await c.Messages.Find(Where.Or(Where.Eq(m => m.RoomId, roomId), Where.Eq("pending.roomId", roomId)))
                .Limit(ErasedAtOnce).Project(m => m.Id).ToListAsync(token);
            if (ids.Count > 0)
            {
                await c.Messages.DeleteManyAsync(Where.In(m => m.Id, ids), token);
            }

            await MongoFiles.RemoveByRoomAsync(c, roomId, token);
            await MongoMilestones.RemoveRoomAsync(c, roomId, token);
            return ids.Count < ErasedAtOnce;
        },
        cancellationToken);

    /// <summary>Strictly between the cursors. The bounds on the time come first: they are the index's.</summary>
    private static FilterDefinition<MongoMessage> Between(MessageCursor? before, MessageCursor? after)
    {
        var from = after?.Timestamp.UtcDateTime ?? Beginning;
        var filter = Where.Gte(m => m.Timestamp, from);
        if (after is { } a)
        {
            filter &= Where.Or(Where.Gt(m => m.Timestamp, from), Where.Gt(m => m.Id, a.Id));
        }

        if (before is { } b)
        {
            var to = b.Timestamp.UtcDateTime;
            filter &= Where.Lte(m => m.Timestamp, to) & Where.Or(Where.Lt(m => m.Timestamp, to), Where.Lt(m => m.Id, b.Id));
        }

        return filter;
    }

    private async Task<List<Message>> FindAsync(
        MongoCollections collections, FilterDefinition<MongoMessage> filter, string index, SortDefinition<MongoMessage> sort, int limit, CancellationToken token)
    {
        var found = await collections.Messages
            .Find(filter, new FindOptions { Hint = collections.Hint(index), MaxTime = gate.Timeout })
            .Sort(sort).Limit(limit).ToListAsync(token);
        return found.ConvertAll(m => m.ToMessage() ?? throw new InvalidOperationException("A stub was found by time."));
    }
}
