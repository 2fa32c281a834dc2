using System.Collections.Concurrent;
using Chat.Backends.Availability;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Sqlite;

/// <summary>
/// One SQLite file as one process uses it: a writer with group commit, a few connections for reading. Several processes may
/// have the same file open (WAL). A commit that was answered is on the disk (synchronous FULL). Nothing is opened before
/// the first use, which also brings the schema up to date.
/// </summary>
public sealed class SqliteDatabase : IAsyncDisposable
{
    private const int Readers = 4;
    private readonly string _path;
    private readonly TimeSpan _busyTimeout;
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private readonly SemaphoreSlim _reading = new(Readers, Readers);
    private readonly SqliteWriter _writer;
    private readonly Lock _opening = new();
    private readonly Lazy<SqliteCommits> _commits;
    private volatile bool _prepared;
    private volatile bool _disposed;

    /// <param name="path">The file; it and its folder are made when missing.</param>
    /// <param name="busyTimeout">How long a write waits for other processes' before the store counts as away; 5 s if not given.</param>
    public SqliteDatabase(string path, TimeSpan? busyTimeout = null)
    {
        _path = Path.GetFullPath(path);
        _busyTimeout = busyTimeout ?? TimeSpan.FromSeconds(5);
        _commits = new Lazy<SqliteCommits>(() => new SqliteCommits(_path));
        _writer = new SqliteWriter(Open, () =>
        {
            if (_commits.IsValueCreated)
            {
                _commits.Value.Signal();
            }
        });
    }

    /// <summary>In a transaction with what others write meanwhile; committed when it answers. Cancelling works until it is begun.</summary>
    internal async Task<T> WriteAsync<T>(string backend, Func<SqliteSession, T> work, CancellationToken cancellationToken)
    {
        using var span = SqliteSpan.Start();
        try
        {
            return await _writer.WriteAsync(span.Watch(work), cancellationToken);
        }
        catch (Exception e)
        {
            span.Failed(e);
            if (SqliteErrors.ConcernsFile(e))
            {
                throw new BackendUnavailableException(backend, e, SqliteErrors.Classify(e));
            }

            throw;
        }
    }

    /// <summary>Off the caller's thread.</summary>
    internal async Task<T> ReadAsync<T>(string backend, Func<SqliteSession, T> query, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var span = SqliteSpan.Start();
        await _reading.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => Read(span.Watch(query)), cancellationToken);
        }
        catch (Exception e)
        {
            span.Failed(e);
            if (SqliteErrors.ConcernsFile(e))
            {
                throw new BackendUnavailableException(backend, e, SqliteErrors.Classify(e));
            }

            throw;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>For who waits for what others write. Watching begins with the first use.</summary>
    internal SqliteCommits Commits => _commits.Value;

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_commits.IsValueCreated)
        {
            _commits.Value.Dispose();
        }

        await Task.Run(_writer.Dispose);
        for (var i = 0; i < Readers; i++)
        {
            await _reading.WaitAsync();
        }

        while (_idle.TryTake(out var session))
        {
            session.Dispose();
        }

        _reading.Dispose();
    }

    private T Read<T>(Func<SqliteSession, T> query)
    {
        if (!_idle.TryTake(out var session))
        {
            session = Open();
        }

        var sound = false;
        try
        {
            var result = query(session);
            sound = true;
            return result;
        }
        finally
        {
            if (sound)
            {
                _idle.Add(session);
            }
            else
            {
                session.Dispose();
            }
        }
    }

    private SqliteSession Open()
    {
        lock (_opening)
        {
            if (!_prepared)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
                using var first = Connect();
                SqliteSchema.Prepare(first, _busyTimeout);
                _prepared = true;
            }
        }

        return Connect();
    }

    private SqliteSession Connect()
    {
        // The driver's own waiting is a sleep of 150 ms at a time, at least until its timeout of whole seconds; SQLite's waits finer.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false, DefaultTimeout = 1 }.ToString());
        var session = new SqliteSession(connection);
        try
        {
            connection.Open();
            session.Script(
                $"PRAGMA busy_timeout = {(int)_busyTimeout.TotalMilliseconds}; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; "
                + "PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}
