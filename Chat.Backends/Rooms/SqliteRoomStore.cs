using System.Text.Json;
using Chat.Backends.Sqlite;
using Chat.Contracts;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Rooms;

/// <summary>Rooms and members in a SQLite file; <c>room_prefixes</c> holds the public rooms that are not archived.</summary>
public sealed partial class SqliteRoomStore(SqliteDatabase database) : IRoomStore
{
    private const string Backend = "chatdb";
    private const string Columns = "r.id, r.name, r.kind, r.topic, r.created_by, r.created_at, r.archived_at, r.direct_members, r.invite_round";
    internal const string Find = $"SELECT {Columns} FROM rooms AS r WHERE r.id = $1";
    internal const string FindMany = $"SELECT {Columns} FROM rooms AS r WHERE r.id IN (SELECT value FROM json_each($1))";

    internal const string ListPublic =
        $"""
        SELECT {Columns} FROM room_prefixes AS p CROSS JOIN rooms AS r ON r.id = p.room_id
        WHERE p.prefix = $1 AND p.room_id > $2 ORDER BY p.room_id LIMIT $3
        """;

    public Task<bool> CreateAsync(Room room, IReadOnlyList<Membership> members, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        return database.WriteAsync(
            Backend,
            session =>
            {
                if (session.First(Find, Read, room.Id) is not { } known)
                {
                    session.Execute(
                        "INSERT INTO rooms (id, name, kind, topic, created_by, created_at, archived_at, direct_members, invite_round) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                        room.Id, room.Name, (int)room.Kind, room.Topic, room.CreatedBy, Time(room.CreatedAt), Time(room.ArchivedAt),
                        room.DirectMembers is null ? null : JsonSerializer.Serialize(room.DirectMembers, SqliteJson.Default.IReadOnlyListString),
                        room.InviteRound);
                    Index(session, room);
                }
                else if (known.CreatedBy != room.CreatedBy || Time(known.CreatedAt) != Time(room.CreatedAt))
                {
                    return false;
                }

                foreach (var member in members)
                {
                    Add(session, member);
                }

                return true;
            },
            cancellationToken);
    }

    public Task<Room?> FindAsync(string roomId, CancellationToken cancellationToken) =>
        database.ReadAsync(Backend, session => session.First(Find, Read, roomId), cancellationToken);

    public Task<IReadOnlyList<Room>> FindManyAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Room>>(
            Backend,
            session => session.Query(FindMany, Read, SqliteJson.Write(roomIds)),
            cancellationToken);

    public Task<Room?> UpdateAsync(string roomId, RoomUpdate update, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        return database.WriteAsync(
            Backend,
            session =>
            {
                if (session.First(Find, Read, roomId) is not { } room)
                {
                    return null;
                }

                room = room with
                {
                    Name = update.Name ?? room.Name,
                    Topic = update.Topic is null ? room.Topic : update.Topic.Length == 0 ? null : update.Topic,
                    ArchivedAt = update.Archived switch { true => room.ArchivedAt ?? update.At, false => null, null => room.ArchivedAt },
                    InviteRound = room.InviteRound + (update.RevokeInvites ? 1 : 0),
                };
                session.Execute(
                    "UPDATE rooms SET name = $2, topic = $3, archived_at = $4, invite_round = $5 WHERE id = $1",
                    roomId, room.Name, room.Topic, Time(room.ArchivedAt), room.InviteRound);
                Index(session, room);
                return room;
            },
            cancellationToken);
    }

    public async Task<IReadOnlyList<Room>> ListPublicAsync(string? prefix, string? afterId, int limit, CancellationToken cancellationToken)
    {
        var key = SqlitePrefixes.Key(prefix);
        return await database.ReadAsync(Backend, session => session.Query(ListPublic, Read, key, afterId ?? "", limit), cancellationToken);
    }

    private static void Index(SqliteSession session, Room room)
    {
        session.Execute("DELETE FROM room_prefixes WHERE room_id = $1", room.Id);
        if (room is { Kind: RoomKind.Public, ArchivedAt: null })
        {
            foreach (var prefix in SqlitePrefixes.Of(room.Id, room.Name))
            {
                session.Execute("INSERT INTO room_prefixes (prefix, room_id) VALUES ($1, $2)", prefix, room.Id);
            }
        }
    }

    private static Room Read(SqliteDataReader r) => new()
    {
        Id = r.GetString(0),
        Name = r.GetString(1),
        Kind = (RoomKind)r.GetInt32(2),
        Topic = r.IsDBNull(3) ? null : r.GetString(3),
        CreatedBy = r.GetString(4),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(5)),
        ArchivedAt = r.IsDBNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(6)),
        DirectMembers = r.IsDBNull(7) ? null : JsonSerializer.Deserialize(r.GetString(7), SqliteJson.Default.IReadOnlyListString),
        InviteRound = r.GetInt32(8),
    };

    private static long? Time(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();
}
