using System.Diagnostics;
using Chat.Backends.Sqlite;

namespace Chat.Backends.Saving;

/// <summary>
/// <c>message_save</c> as a table. A row is free when <c>visible_at</c> is 0, taken (leased) until <c>visible_at</c> otherwise.
/// Enqueued is committed to disk; what many enqueue at once shares a commit.
/// </summary>
public sealed class SqliteSaveQueue(SqliteDatabase database, TimeProvider? time = null) : ISaveQueue
{
    /// <summary>Other processes' commits are found by looking.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    internal const string Backend = "messaging";

    public Task EnqueueAsync(SaveItem item, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        return EnqueueRawAsync(item.Key, item.Type, SaveItemJson.Write(item), Activity.Current?.Id, cancellationToken);
    }

    public async ValueTask<long?> CountAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await database.ReadAsync(Backend, session => session.Number("SELECT count(*) FROM message_save"), cancellationToken);
        }
        catch (BackendUnavailableException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> WaitUntilSavedAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        try
        {
            var newest = await database.ReadAsync(Backend, session => session.Number("SELECT max(seq) FROM message_save"), cancellationToken);
            while (newest is { } last)
            {
                var waits = await database.ReadAsync(
                    Backend, session => session.Number("SELECT 1 FROM message_save WHERE seq <= $1 LIMIT 1", last), cancellationToken);
                if (waits is null)
                {
                    return true;
                }

                if (_time.GetElapsedTime(began) >= patience)
                {
                    return false;
                }

                await Task.Delay(PollInterval, _time, cancellationToken);
            }

            return true;
        }
        catch (BackendUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Whatever the body is: what a producer with a bug would send.</summary>
    internal Task EnqueueRawAsync(string key, string type, ReadOnlyMemory<byte> body, string? traceParent, CancellationToken cancellationToken)
    {
        var bytes = body.ToArray();
        return database.WriteAsync(
            Backend,
            session => session.Execute(
                "INSERT INTO message_save (key, type, body, trace_parent) VALUES ($1, $2, $3, $4)", key, type, bytes, traceParent),
            cancellationToken);
    }
}
