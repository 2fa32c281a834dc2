using System.Text.RegularExpressions;
using Chat.Backends.Database;
using Chat.Contracts;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Rooms;

/// <summary>Collections <c>rooms</c> and <c>memberships</c>.</summary>
public sealed partial class MongoRoomStore(MongoGate gate) : IRoomStore
{
    private static readonly FilterDefinitionBuilder<MongoRoom> Where = Builders<MongoRoom>.Filter;

    public Task<bool> CreateAsync(Room room, IReadOnlyList<Membership> members, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) =>
        {
            var document = MongoRoom.Of(room);
            if (!await MongoInsert.TryAsync(c.Rooms, document, token))
            {
                var taken = await c.Rooms.Find(Where.Eq(r => r.Id, room.Id)).FirstOrDefaultAsync(token);
                // Dates are whole milliseconds there.
                if (taken is null || taken.CreatedBy != room.CreatedBy
                    || MongoTime.Utc(taken.CreatedAt).ToUnixTimeMilliseconds() != room.CreatedAt.ToUnixTimeMilliseconds())
                {
                    return false;
                }
            }

            await AddMissingAsync(c, members, token);
            return true;
        },
        cancellationToken);

    public Task<Room?> FindAsync(string roomId, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) => (await c.Rooms.Find(Where.Eq(r => r.Id, roomId)).FirstOrDefaultAsync(token))?.ToRoom(), cancellationToken);

    public Task<IReadOnlyList<Room>> FindManyAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyList<Room>>(
            async (c, token) => (await c.Rooms
                .Find(Where.In(r => r.Id, roomIds), new FindOptions { BatchSize = MongoCollections.OneBatch })
                .ToListAsync(token)).ConvertAll(r => r.ToRoom()),
            cancellationToken);

    public Task<Room?> UpdateAsync(string roomId, RoomUpdate update, CancellationToken cancellationToken)
    {
        var set = Builders<MongoRoom>.Update;
        var changes = new List<UpdateDefinition<MongoRoom>>();
        if (update.Name is { } name)
        {
            changes.Add(set.Set(r => r.Name, name).Set(r => r.Words, MongoRoom.WordsOf(roomId, name)));
        }

        if (update.Topic is { } topic)
        {
            changes.Add(topic.Length == 0 ? set.Unset(r => r.Topic) : set.Set(r => r.Topic, topic));
        }

        if (update.Archived is { } archived)
        {
            changes.Add(archived
                ? set.Set(r => r.Archived, true).Set(r => r.ArchivedAt, update.At.UtcDateTime)
                : set.Set(r => r.Archived, false).Unset(r => r.ArchivedAt));
        }

        if (update.RevokeInvites)
        {
            changes.Add(set.Inc(r => r.InviteRound, 1));
        }

        return changes.Count == 0
            ? FindAsync(roomId, cancellationToken)
            : gate.CallAsync(
                async (c, token) => (await c.Rooms.FindOneAndUpdateAsync(
                    Where.Eq(r => r.Id, roomId),
                    set.Combine(changes),
                    new FindOneAndUpdateOptions<MongoRoom> { ReturnDocument = ReturnDocument.After },
                    token))?.ToRoom(),
                cancellationToken);
    }

    public Task<IReadOnlyList<Room>> ListPublicAsync(string? prefix, string? afterId, int limit, CancellationToken cancellationToken)
    {
        var filter = Where.Eq(r => r.Kind, RoomKind.Public) & Where.Eq(r => r.Archived, false);
        if (!string.IsNullOrEmpty(afterId))
        {
            filter &= Where.Gt(r => r.Id, afterId);
        }

        foreach (var word in Search.Words.Of(prefix))
        {
            filter &= Where.Regex("words", new BsonRegularExpression("^" + Regex.Escape(word)));
        }

        return gate.CallAsync<IReadOnlyList<Room>>(
            async (c, token) => (await c.Rooms.Find(filter, new FindOptions { MaxTime = gate.Timeout })
                .Sort(Builders<MongoRoom>.Sort.Ascending(r => r.Id)).Limit(limit).ToListAsync(token)).ConvertAll(r => r.ToRoom()),
            cancellationToken);
    }
}
