using Chat.Backends.Sqlite;

namespace Chat.Backends.Saving;

/// <summary><c>message_save.dead</c> as a table; putting back moves rows in one transaction.</summary>
public sealed class SqliteDeadLetters(SqliteDatabase database) : IDeadLetters
{
    public async Task<IReadOnlyList<DeadLetter>> ListAsync(int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            SqliteSaveQueue.Backend,
            session => session.Query(
                "SELECT key, type, body, reason, at FROM message_save_dead ORDER BY seq LIMIT $1",
                r => new DeadLetter(r.GetString(0), r.GetString(1), r.GetFieldValue<byte[]>(2), r.GetString(3), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(4))),
                limit),
            cancellationToken);

    public Task<bool> RequeueAsync(string key, CancellationToken cancellationToken) =>
        database.WriteAsync(
            SqliteSaveQueue.Backend,
            session =>
            {
                session.Execute(
                    "INSERT INTO message_save (key, type, body, trace_parent) SELECT key, type, body, trace_parent FROM message_save_dead WHERE key = $1 ORDER BY seq",
                    key);
                return session.Execute("DELETE FROM message_save_dead WHERE key = $1", key) > 0;
            },
            cancellationToken);

    public Task<int> RequeueAllAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            SqliteSaveQueue.Backend,
            session =>
            {
                session.Execute(
                    "INSERT INTO message_save (key, type, body, trace_parent) SELECT key, type, body, trace_parent FROM message_save_dead ORDER BY seq");
                return session.Execute("DELETE FROM message_save_dead");
            },
            cancellationToken);
}
