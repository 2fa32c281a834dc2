using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Chat.Backends.Availability;
using Chat.ServiceDefaults;

namespace Chat.Backends.Sqlite;

/// <summary>
/// The one thread of this process that writes to the file. What comes while a commit waits for the disk goes together into the
/// next transaction (group commit), so that many small writes cost one flush. Jobs that share a transaction have a savepoint each: one
/// that fails takes nothing of the others with it. A job's answer comes after the commit.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int MaxJobs = 512;
    private static readonly Histogram<int> Jobs = Telemetry.Meter.CreateHistogram<int>("chat.sqlite.commit.jobs", description: "Writes that shared one commit");
    private static readonly Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.sqlite.commit.failures", description: "Commits that failed");
    private readonly BlockingCollection<Job> _waiting = [];
    private readonly Func<SqliteSession> _open;
    private readonly Action _committed;
    private readonly Thread _thread;
    private SqliteSession? _session;

    public SqliteWriter(Func<SqliteSession> open, Action committed)
    {
        _open = open;
        _committed = committed;
        _thread = new Thread(Run) { IsBackground = true, Name = "SQLite writer" };
        // Without the context of whoever opens the file: the thread outlives them.
        _thread.UnsafeStart();
    }

    public Task<T> WriteAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken)
    {
        var job = new Job<T>(work, cancellationToken);
        try
        {
            _waiting.Add(job, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(SqliteWriter));
        }

        return job.Task;
    }

    /// <summary>What was handed over is still written.</summary>
    public void Dispose()
    {
        _waiting.CompleteAdding();
        _thread.Join(TimeSpan.FromSeconds(30));
        _waiting.Dispose();
    }

    private void Run()
    {
        var jobs = new List<Job>();
        foreach (var first in _waiting.GetConsumingEnumerable())
        {
            jobs.Clear();
            jobs.Add(first);
            while (jobs.Count < MaxJobs && _waiting.TryTake(out var next))
            {
                jobs.Add(next);
            }

            jobs.RemoveAll(job => job.IsCancelled());
            if (jobs.Count > 0)
            {
                Commit(jobs);
            }
        }

        _session?.Dispose();
    }

    private void Commit(List<Job> jobs)
    {
        try
        {
            var session = _session ??= _open();
            session.Execute("BEGIN IMMEDIATE");
            if (jobs is [var only])
            {
                // Alone, it needs no savepoint, which would copy every page that it changes.
                session.Execute(only.TryRun(session) ? "COMMIT" : "ROLLBACK");
                Complete(jobs);
                return;
            }

            foreach (var job in jobs)
            {
                session.Execute("SAVEPOINT job");
                if (!job.TryRun(session))
                {
                    session.Execute("ROLLBACK TO job");
                }

                session.Execute("RELEASE job");
            }

            session.Execute("COMMIT");
            Complete(jobs);
        }
#pragma warning disable CA1031 // Whatever it is belongs to those who wait for the commit.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // Closing rolls back whatever is open; the next commit begins with a new connection.
            Failures.Add(1);
            _session?.Dispose();
            _session = null;
            jobs.ForEach(job => job.Fail(e));
        }
    }

    private void Complete(List<Job> jobs)
    {
        Jobs.Record(jobs.Count);
        jobs.ForEach(job => job.Complete());
        _committed();
    }

    private abstract class Job
    {
        public abstract bool IsCancelled();

        /// <summary>False when the work itself failed; what says that the file is away is thrown.</summary>
        public abstract bool TryRun(SqliteSession session);

        public abstract void Complete();

        public abstract void Fail(Exception e);
    }

    private sealed class Job<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) : Job
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;
        private Exception? _failure;

        public Task<T> Task => _done.Task;

        public override bool IsCancelled() => cancellationToken.IsCancellationRequested && _done.TrySetCanceled(cancellationToken);

        public override bool TryRun(SqliteSession session)
        {
            try
            {
                _result = work(session);
                return true;
            }
            catch (Exception e) when (!SqliteErrors.ConcernsFile(e))
            {
                _failure = e;
                return false;
            }
        }

        public override void Complete()
        {
            if (_failure is null)
            {
                _done.TrySetResult(_result);
            }
            else
            {
                _done.TrySetException(_failure);
            }
        }

        public override void Fail(Exception e) => _done.TrySetException(e);
    }
}
