using System.Collections.Concurrent;

namespace Chat.Backends;

/// <summary>One at a time for each key.</summary>
public sealed class Turns
{
    // Kept for good: about a hundred bytes for each key ever used.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    /// <summary>Waits for the turn, which ends when it is disposed; disposing it again is nothing.</summary>
    public async Task<IDisposable> EnterAsync(string key, CancellationToken cancellationToken)
    {
        var turn = _turns.GetOrAdd(key, static _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken);
        return new Turn(turn);
    }

    private sealed class Turn(SemaphoreSlim semaphore) : IDisposable
    {
        private int _over;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _over, 1) == 0)
            {
                semaphore.Release();
            }
        }
    }
}
