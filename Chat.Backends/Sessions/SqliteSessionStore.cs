using System.Text.Json;
using Chat.Backends.Sqlite;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Sessions;

/// <summary>
/// Sessions in the archive's file. An ended session's row stays as a mark until it would have expired, so that a late save does not
/// bring it back; what expired goes, a little with each save.
/// </summary>
public sealed class SqliteSessionStore(SqliteDatabase database, TimeProvider time) : ISessionStore
{
    private const string Backend = "chatdb";

    /// <summary>How long the mark of a session that was never seen here stays: longer than any session lives.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(60);

    internal const string Find = "SELECT body, ended_at FROM sessions WHERE id = $1 AND expires_at > $2";
    internal const string List = "SELECT body, ended_at FROM sessions WHERE username = $1 AND expires_at > $2 AND ended_at IS NULL LIMIT 1000";

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public Task SaveAsync(Session session, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        return database.WriteAsync(
            Backend,
            db =>
            {
                db.Execute("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 LIMIT 20)", Now);
                return db.Execute(
                    """
                    INSERT INTO sessions (id, username, expires_at, ended_at, body) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (id) DO UPDATE SET username = $2, expires_at = $3, ended_at = $4, body = $5 WHERE ended_at IS NULL
                    """,
                    session.Id, session.Username, session.ExpiresAt.ToUnixTimeMilliseconds(), session.EndedAt?.ToUnixTimeMilliseconds(),
                    JsonSerializer.Serialize(session, SqliteJson.Default.Session));
            },
            cancellationToken);
    }

    public Task<Session?> FindAsync(string sessionId, CancellationToken cancellationToken) =>
        database.ReadAsync(Backend, db => db.First(Find, Read, sessionId, Now), cancellationToken);

    public async Task<IReadOnlyList<Session>> ListAsync(string username, CancellationToken cancellationToken) =>
        await database.ReadAsync(Backend, db => db.Query(List, Read, username, Now), cancellationToken);

    public Task EndAsync(string sessionId, string username, CancellationToken cancellationToken) =>
        database.WriteAsync(
            Backend,
            db =>
            {
                var now = Now;
                var mark = new Session
                {
                    Id = sessionId,
                    Username = username,
                    DisplayName = "",
                    SecurityStamp = "",
                    CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(now),
                    LastSeenAt = DateTimeOffset.FromUnixTimeMilliseconds(now),
                    ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(now) + LongestLife,
                };
                return db.Execute(
                    """
                    INSERT INTO sessions (id, username, expires_at, ended_at, body) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (id) DO UPDATE SET ended_at = coalesce(ended_at, $4)
                    """,
                    sessionId, username, mark.ExpiresAt.ToUnixTimeMilliseconds(), now, JsonSerializer.Serialize(mark, SqliteJson.Default.Session));
            },
            cancellationToken);

    private static Session Read(SqliteDataReader r) =>
        JsonSerializer.Deserialize(r.GetString(0), SqliteJson.Default.Session)! with
        {
            EndedAt = r.IsDBNull(1) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(1)),
        };
}
