using System.Diagnostics.CodeAnalysis;

namespace Chat.Backends;

/// <summary>
/// A lock for each key, which callers enter one at a time and in the order in which they asked. A key costs memory only while
/// somebody holds its lock or waits for it.
/// </summary>
public sealed class Turns
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>How many keys are locked now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Waits for the key's lock, which is held until the result is disposed. Disposing it again does nothing.</summary>
    /// <param name="key">Compared ordinally.</param>
    /// <param name="cancellationToken">Ends the waiting; the lock is not held then.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "A semaphore whose wait handle is never asked for holds nothing to dispose.")]
    public async Task<IDisposable> EnterAsync(string key, CancellationToken cancellationToken)
    {
        Entry? entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out entry))
            {
                entry = _entries[key] = new Entry();
            }

            entry.Users++;
        }

        try
        {
            await entry.Semaphore.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(key, entry);
            throw;
        }

        return new Turn(this, key, entry);
    }

    private void Leave(string key, Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Users == 0)
            {
                _entries.Remove(key);
            }
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        /// <summary>The one that holds the lock and those that wait for it.</summary>
        public int Users { get; set; }
    }

    private sealed class Turn(Turns turns, string key, Entry entry) : IDisposable
    {
        private int _over;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _over, 1) == 0)
            {
                entry.Semaphore.Release();
                turns.Leave(key, entry);
            }
        }
    }
}
