using Chat.Backends.Archive;
using Chat.Backends.Sqlite;
using Chat.Contracts;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Rooms;

public sealed partial class SqliteRoomStore
{
    private const string MemberColumns = "room_id, username, role, joined_at, read_timestamp, read_id, muted";
    internal const string FindMember = $"SELECT {MemberColumns} FROM members WHERE room_id = $1 AND username = $2";
    internal const string MembershipsOf = $"SELECT {MemberColumns} FROM members WHERE username = $1 ORDER BY room_id LIMIT $2";
    internal const string MembersOf = $"SELECT {MemberColumns} FROM members WHERE room_id = $1 ORDER BY username LIMIT $2";
    internal const string CountMembers =
        "SELECT r.value, (SELECT count(*) FROM (SELECT 1 FROM members WHERE room_id = r.value LIMIT $2)) FROM json_each($1) AS r";

    public Task<Membership?> FindMembershipAsync(string roomId, string username, CancellationToken cancellationToken) =>
        database.ReadAsync(Backend, session => session.First(FindMember, ReadMember, roomId, username), cancellationToken);

    public async Task<IReadOnlyList<Membership>> MembershipsOfAsync(string username, CancellationToken cancellationToken) =>
        await database.ReadAsync(Backend, session => session.Query(MembershipsOf, ReadMember, username, Limits.RoomsPerUser), cancellationToken);

    public async Task<IReadOnlyList<Membership>> MembersOfAsync(string roomId, CancellationToken cancellationToken) =>
        await database.ReadAsync(Backend, session => session.Query(MembersOf, ReadMember, roomId, Limits.MembersPerRoom), cancellationToken);

    public Task<IReadOnlyDictionary<string, int>> CountMembersAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<string, int>>(
            Backend,
            session => session
                .Query(CountMembers, r => (Id: r.GetString(0), Count: r.GetInt32(1)), SqliteJson.Write(roomIds), Limits.MembersPerRoom)
                .ToDictionary(r => r.Id, r => r.Count, StringComparer.Ordinal),
            cancellationToken);

    public Task<bool> AddMemberAsync(Membership membership, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(membership);
        return database.WriteAsync(Backend, session => Add(session, membership), cancellationToken);
    }

    public Task<bool> RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken) =>
        database.WriteAsync(
            Backend, session => session.Execute("DELETE FROM members WHERE room_id = $1 AND username = $2", roomId, username) > 0, cancellationToken);

    public Task<Membership?> UpdateMemberAsync(string roomId, string username, MemberRole? role, bool? muted, CancellationToken cancellationToken) =>
        database.WriteAsync(
            Backend,
            session =>
            {
                session.Execute(
                    "UPDATE members SET role = coalesce($3, role), muted = coalesce($4, muted) WHERE room_id = $1 AND username = $2",
                    roomId, username, (int?)role, muted);
                return session.First(FindMember, ReadMember, roomId, username);
            },
            cancellationToken);

    public Task<bool> MarkReadAsync(string roomId, string username, MessageCursor upTo, CancellationToken cancellationToken) =>
        database.WriteAsync(
            Backend,
            session => session.Execute(
                """
                UPDATE members SET read_timestamp = $3, read_id = $4
                WHERE room_id = $1 AND username = $2 AND (read_timestamp IS NULL OR (read_timestamp, read_id) < ($3, $4))
                """,
                roomId, username, Time(upTo.Timestamp), upTo.Id) > 0,
            cancellationToken);

    private static bool Add(SqliteSession session, Membership m) =>
        session.Execute(
            $"INSERT OR IGNORE INTO members ({MemberColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            m.RoomId, m.Username, (int)m.Role, Time(m.JoinedAt), Time(m.ReadUpTo?.Timestamp), m.ReadUpTo?.Id, m.Muted) > 0;

    private static Membership ReadMember(SqliteDataReader r) => new()
    {
        RoomId = r.GetString(0),
        Username = r.GetString(1),
        Role = (MemberRole)r.GetInt32(2),
        JoinedAt = DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(3)),
        ReadUpTo = r.IsDBNull(4) ? null : new MessageCursor(DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(4)), r.GetString(5)),
        Muted = r.GetBoolean(6),
    };
}
