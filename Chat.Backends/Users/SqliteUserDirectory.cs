using Chat.Backends.Sqlite;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Users;

/// <summary>Accounts in a SQLite file; people are found by prefix in <c>user_prefixes</c>, which holds active ones only.</summary>
public sealed class SqliteUserDirectory(SqliteDatabase database) : IUserDirectory
{
    private const string Backend = "chatdb";
    private const string Columns = "u.username, u.display_name, u.password_hash, u.security_stamp, u.created_at, u.deleted_at, u.version";
    internal const string Find = $"SELECT {Columns} FROM users AS u WHERE u.username = $1";
    internal const string FindMany = $"SELECT {Columns} FROM users AS u WHERE u.username IN (SELECT value FROM json_each($1))";

    internal const string Search =
        $"""
        SELECT {Columns} FROM user_prefixes AS p CROSS JOIN users AS u ON u.username = p.username
        WHERE p.prefix = $1 ORDER BY p.username LIMIT $2
        """;

    public Task<bool> CreateAsync(ChatUser user, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(user);
        return database.WriteAsync(
            Backend,
            session =>
            {
                var created = session.Execute(
                    "INSERT OR IGNORE INTO users (username, display_name, password_hash, security_stamp, created_at, deleted_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    user.Username, user.DisplayName, user.PasswordHash, user.SecurityStamp, Time(user.CreatedAt), Time(user.DeletedAt), user.Version) > 0;
                if (created)
                {
                    Index(session, user);
                }

                return created;
            },
            cancellationToken);
    }

    public Task<ChatUser?> FindAsync(string username, CancellationToken cancellationToken) =>
        database.ReadAsync(Backend, session => session.First(Find, Read, username), cancellationToken);

    public Task<IReadOnlyList<ChatUser>> FindManyAsync(IReadOnlyCollection<string> usernames, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ChatUser>>(
            Backend,
            session => session.Query(FindMany, Read, SqliteJson.Write(usernames)),
            cancellationToken);

    public Task<bool> UpdateAsync(ChatUser user, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(user);
        return database.WriteAsync(
            Backend,
            session =>
            {
                var updated = session.Execute(
                    """
                    UPDATE users SET display_name = $1, password_hash = $2, security_stamp = $3, created_at = $4, deleted_at = $5, version = version + 1
                    WHERE username = $6 AND version = $7
                    """,
                    user.DisplayName, user.PasswordHash, user.SecurityStamp, Time(user.CreatedAt), Time(user.DeletedAt), user.Username, user.Version) > 0;
                if (updated)
                {
                    Index(session, user);
                }

                return updated;
            },
            cancellationToken);
    }

    public async Task<IReadOnlyList<ChatUser>> SearchAsync(string prefix, int limit, CancellationToken cancellationToken)
    {
        var key = SqlitePrefixes.Key(prefix);
        return await database.ReadAsync(Backend, session => session.Query(Search, Read, key, limit), cancellationToken);
    }

    private static void Index(SqliteSession session, ChatUser user)
    {
        session.Execute("DELETE FROM user_prefixes WHERE username = $1", user.Username);
        if (user.DeletedAt is null)
        {
            foreach (var prefix in SqlitePrefixes.Of(user.Username, user.DisplayName))
            {
                session.Execute("INSERT INTO user_prefixes (prefix, username) VALUES ($1, $2)", prefix, user.Username);
            }
        }
    }

    private static ChatUser Read(SqliteDataReader r) => new()
    {
        Username = r.GetString(0),
        DisplayName = r.GetString(1),
        PasswordHash = r.IsDBNull(2) ? null : r.GetString(2),
        SecurityStamp = r.GetString(3),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(4)),
        DeletedAt = r.IsDBNull(5) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(5)),
        Version = r.GetInt64(6),
    };

    private static long? Time(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();
}
