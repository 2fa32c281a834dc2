using Chat.Backends.Archive;
using Chat.Backends.Database;
using Chat.Contracts;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Rooms;

public sealed partial class MongoRoomStore
{
    private static readonly FilterDefinitionBuilder<MongoMembership> Member = Builders<MongoMembership>.Filter;

    /// <summary>As a document: the driver's translation of an expression adds a projection that not every server evaluates.</summary>
    private static readonly ProjectionDefinition<MongoMembership, BsonDocument> CountByRoom =
        new BsonDocument { ["_id"] = "$roomId", ["count"] = new BsonDocument("$sum", 1) };

    public Task<Membership?> FindMembershipAsync(string roomId, string username, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) => (await c.Memberships.Find(The(roomId, username)).FirstOrDefaultAsync(token))?.ToMembership(), cancellationToken);

    public Task<IReadOnlyList<Membership>> MembershipsOfAsync(string username, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyList<Membership>>(
            async (c, token) => (await c.Memberships
                .Find(Member.Eq(m => m.Username, username), new FindOptions { BatchSize = MongoCollections.OneBatch })
                .Sort(Builders<MongoMembership>.Sort.Ascending(m => m.RoomId)).Limit(Limits.RoomsPerUser).ToListAsync(token)).ConvertAll(m => m.ToMembership()),
            cancellationToken);

    public Task<IReadOnlyList<Membership>> MembersOfAsync(string roomId, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyList<Membership>>(
            async (c, token) => (await c.Memberships.Find(Member.Eq(m => m.RoomId, roomId))
                .Sort(Builders<MongoMembership>.Sort.Ascending(m => m.Username)).Limit(Limits.MembersPerRoom).ToListAsync(token)).ConvertAll(m => m.ToMembership()),
            cancellationToken);

    public Task<IReadOnlyDictionary<string, int>> CountMembersAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        gate.CallAsync<IReadOnlyDictionary<string, int>>(
            async (c, token) =>
            {
                // Answered by the index alone.
                var counted = await c.Memberships
                    .Aggregate(new AggregateOptions { MaxTime = gate.Timeout, BatchSize = MongoCollections.OneBatch })
                    .Match(Member.In(m => m.RoomId, roomIds))
                    .Group(CountByRoom)
                    .ToListAsync(token);
                return counted.ToDictionary(x => x["_id"].AsString, x => x["count"].ToInt32(), StringComparer.Ordinal);
            },
            cancellationToken);

    public Task<bool> AddMemberAsync(Membership membership, CancellationToken cancellationToken) => gate.CallAsync(
        (c, token) => MongoInsert.TryAsync(c.Memberships, MongoMembership.Of(membership), token), cancellationToken);

    public Task<bool> RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) => (await c.Memberships.DeleteOneAsync(The(roomId, username), token)).DeletedCount == 1, cancellationToken);

    public Task<Membership?> UpdateMemberAsync(
        string roomId, string username, MemberRole? role, bool? muted, CancellationToken cancellationToken)
    {
        var set = Builders<MongoMembership>.Update;
        var changes = new List<UpdateDefinition<MongoMembership>>();
        if (role is { } newRole)
        {
            changes.Add(set.Set(m => m.Role, newRole));
        }

        if (muted is { } newMuted)
        {
            changes.Add(set.Set(m => m.Muted, newMuted));
        }

        return changes.Count == 0
            ? FindMembershipAsync(roomId, username, cancellationToken)
            : gate.CallAsync(
                async (c, token) => (await c.Memberships.FindOneAndUpdateAsync(
                    The(roomId, username),
                    set.Combine(changes),
                    new FindOneAndUpdateOptions<MongoMembership> { ReturnDocument = ReturnDocument.After },
                    token))?.ToMembership(),
                cancellationToken);
    }

    public Task<bool> MarkReadAsync(string roomId, string username, MessageCursor upTo, CancellationToken cancellationToken) => gate.CallAsync(
        async (c, token) =>
        {
            // The greater text is the later mark, so of two at once the later stays.
            var moved = await c.Memberships.UpdateOneAsync(
                The(roomId, username), Builders<MongoMembership>.Update.Max(m => m.ReadMark, MongoMembership.MarkOf(upTo)), cancellationToken: token);
            return moved.ModifiedCount == 1;
        },
        cancellationToken);

    private static FilterDefinition<MongoMembership> The(string roomId, string username) =>
        Member.Eq(m => m.Id, MongoMembership.IdOf(roomId, username));

    private static async Task AddMissingAsync(MongoCollections collections, IReadOnlyList<Membership> members, CancellationToken cancellationToken)
    {
        if (members.Count == 0)
        {
            return;
        }

        try
        {
            await collections.Memberships.InsertManyAsync(
                members.Select(MongoMembership.Of), new InsertManyOptions { IsOrdered = false }, cancellationToken);
        }
        catch (MongoBulkWriteException<MongoMembership> e)
            when (e.WriteConcernError is null && e.WriteErrors.All(w => w.Category == ServerErrorCategory.DuplicateKey))
        {
            // Members already: an earlier attempt got so far.
        }
    }
}
