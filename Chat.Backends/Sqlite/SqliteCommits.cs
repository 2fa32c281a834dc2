using Chat.ServiceDefaults;

namespace Chat.Backends.Sqlite;

/// <summary>
/// Waits for commits to a file. Those of this process are known at once, those of other processes when Linux (inotify) reports a write to
/// the write-ahead log. Other systems report such writes late or never: there, waiting is short and the caller looks for itself.
/// </summary>
internal sealed class SqliteCommits : IDisposable
{
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures = Telemetry.Meter.CreateCounter<long>(
        "chat.sqlite.watch.failures", description: "Times that the operating system lost track of a file's changes");

    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Unwatched = TimeSpan.FromMilliseconds(50);

    private readonly FileSystemWatcher? _watcher;
    private TaskCompletionSource _next = NewSignal();

    /// <param name="path">The database's file.</param>
    public SqliteCommits(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path) + "-wal")
            {
                NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.FileName,
            };
            _watcher.Changed += (_, _) => Signal();
            _watcher.Created += (_, _) => Signal();
            _watcher.Error += (_, _) =>
            {
                Failures.Add(1);
                Signal();
            };
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception e) when (e is IOException or PlatformNotSupportedException or UnauthorizedAccessException)
        {
            // All watches of the user are taken, for example.
            Failures.Add(1);
            _watcher?.Dispose();
            _watcher = null;
        }
    }

    /// <summary>Completes with the next commit, or when something looks like one. Taken before looking, no commit is missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Signal() => Interlocked.Exchange(ref _next, NewSignal()).TrySetResult();

    /// <summary>Waits for the commit that <see cref="Next"/> gave, but not so long that one that nobody reported would matter.</summary>
    /// <param name="next">The commit.</param>
    /// <param name="longest">When the caller has something to do in any case; null when it has not.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the waiting, without an exception.</param>
    public async Task WaitAsync(Task next, TimeSpan? longest, TimeProvider time, CancellationToken cancellationToken)
    {
        var limit = _watcher is null ? Unwatched : Watched;
        await next.WaitAsync(longest < limit ? longest.Value : limit, time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _watcher?.Dispose();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
