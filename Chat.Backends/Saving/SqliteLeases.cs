using Chat.Backends.Availability;
using Chat.Backends.Sqlite;

namespace Chat.Backends.Saving;

/// <summary>
/// What one consumer does with rows of <c>message_save</c>. Every step but taking names the lease, so that a consumer that came too
/// late (its lease ran out, another has the row) changes nothing.
/// </summary>
internal sealed class SqliteLeases(SqliteDatabase database, SaveConsumerOptions options, TimeSpan duration, TimeProvider time)
{
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromMinutes(1);
    private readonly string _lease = Guid.NewGuid().ToString("N");

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// How long until the first row is due; zero or less when one is due now, null when there is none. Cheap, without the write lock.
    /// </summary>
    public async Task<TimeSpan?> UntilDueAsync(CancellationToken cancellationToken)
    {
        var first = await database.ReadAsync(
            SqliteSaveQueue.Backend, session => session.Number("SELECT min(visible_at) FROM message_save"), cancellationToken);
        return first is { } at ? TimeSpan.FromMilliseconds(at - Now) : null;
    }

    public Task<IReadOnlyList<SqliteDelivery>> TakeAsync(CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<SqliteDelivery>>(
            SqliteSaveQueue.Backend,
            session =>
            {
                // What ran out is free again first, so that it comes in its old place and no backlog starves it.
                var now = Now;
                session.Execute("UPDATE message_save SET visible_at = 0, lease = NULL WHERE visible_at > 0 AND visible_at <= $1", now);
                var taken = session.Query(
                    """
                    UPDATE message_save SET visible_at = $1, lease = $2, attempt = attempt + 1
                    WHERE seq IN (SELECT seq FROM message_save WHERE visible_at = 0 ORDER BY seq LIMIT $3)
                    RETURNING seq, key, type, body, attempt, trace_parent
                    """,
                    r => new SqliteDelivery(
                        r.GetInt64(0),
                        new SaveDelivery(r.GetString(1), r.GetString(2), r.GetFieldValue<byte[]>(3), r.GetInt32(4), r.IsDBNull(5) ? null : r.GetString(5))),
                    now + (long)duration.TotalMilliseconds, _lease, options.Prefetch);
                taken.Sort((a, b) => a.Seq.CompareTo(b.Seq));
                return taken;
            },
            cancellationToken);

    public Task ExtendAsync() =>
        database.WriteAsync(
            SqliteSaveQueue.Backend,
            session => session.Execute(
                "UPDATE message_save SET visible_at = $1 WHERE lease = $2", Now + (long)duration.TotalMilliseconds, _lease),
            CancellationToken.None);

    /// <summary>All outcomes in one transaction; what is paused, or is left over for whatever reason, goes back uncounted.</summary>
    public Task SettleAsync(IReadOnlyList<SqliteDelivery> batch, IReadOnlyList<SaveOutcome> outcomes) =>
        database.WriteAsync(
            SqliteSaveQueue.Backend,
            session =>
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    Settle(session, batch[i], outcomes[i]);
                }

                return GiveBack(session);
            },
            CancellationToken.None);

    public Task<int> GiveBackAsync() => database.WriteAsync(SqliteSaveQueue.Backend, GiveBack, CancellationToken.None);

    private int GiveBack(SqliteSession session) =>
        session.Execute("UPDATE message_save SET visible_at = 0, lease = NULL, attempt = attempt - 1 WHERE lease = $1", _lease);

    private void Settle(SqliteSession session, SqliteDelivery taken, SaveOutcome outcome)
    {
        switch (outcome)
        {
            case SaveOutcome.Acked:
                session.Execute("DELETE FROM message_save WHERE seq = $1 AND lease = $2", taken.Seq, _lease);
                break;
            case SaveOutcome.DeadLettered dead:
                Bury(session, taken, dead.Reason);
                break;
            case SaveOutcome.Requeued when taken.Delivery.Attempt >= options.MaxAttempts:
                Bury(session, taken, $"given up after {taken.Delivery.Attempt} attempts");
                break;
            case SaveOutcome.Requeued:
                var delay = Backoff.After(taken.Delivery.Attempt - 1, options.RetryDelay, LongestRetryDelay);
                session.Execute(
                    "UPDATE message_save SET visible_at = $1, lease = NULL WHERE seq = $2 AND lease = $3",
                    delay > TimeSpan.Zero ? Now + (long)delay.TotalMilliseconds : 0, taken.Seq, _lease);
                break;
        }
    }

    private void Bury(SqliteSession session, SqliteDelivery taken, string reason)
    {
        session.Execute(
            """
            INSERT INTO message_save_dead (key, type, body, trace_parent, reason, at)
            SELECT key, type, body, trace_parent, $1, $2 FROM message_save WHERE seq = $3 AND lease = $4
            """,
            reason, Now, taken.Seq, _lease);
        session.Execute("DELETE FROM message_save WHERE seq = $1 AND lease = $2", taken.Seq, _lease);
    }
}

internal sealed record SqliteDelivery(long Seq, SaveDelivery Delivery);
