using Chat.Backends.Saving;

namespace Chat.Api.Messages;

/// <summary>
/// Up to when everything that was accepted is saved, as far as that has been proved. The queue is asked only when somebody needs a
/// later time than was proved before.
/// </summary>
public sealed class SaveWatermark(ISaveQueue queue, TimeProvider time) : IDisposable
{
    /// <summary>Saving usually takes milliseconds; who reads history must not wait for a backlog.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    private readonly SemaphoreSlim _proving = new(1, 1);
    private long _provenUntil;

    /// <summary>Whatever was accepted before this time is saved; <see cref="DateTimeOffset.MinValue"/> before anything was proved.</summary>
    public DateTimeOffset ProvenUntil => new(Volatile.Read(ref _provenUntil), TimeSpan.Zero);

    /// <summary>
    /// Whether everything that was accepted before <paramref name="until"/> is saved. What is read from the archive after a true answer
    /// has all of it. A false answer comes within a second: it is not so, or nobody can tell now.
    /// </summary>
    public async ValueTask<bool> ReachesAsync(DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (ProvenUntil >= until)
        {
            return true;
        }

        if (until > time.GetUtcNow() || !await _proving.WaitAsync(Patience, cancellationToken))
        {
            return false;
        }

        try
        {
            if (ProvenUntil >= until)
            {
                return true;
            }

            var asked = time.GetUtcNow();
            if (await queue.WaitUntilSavedAsync(Patience, cancellationToken))
            {
                Volatile.Write(ref _provenUntil, asked.UtcTicks);
            }

            return ProvenUntil >= until;
        }
        finally
        {
            _proving.Release();
        }
    }

    /// <summary>Whether everything that was accepted before this call is saved.</summary>
    public ValueTask<bool> ReachesNowAsync(CancellationToken cancellationToken) => ReachesAsync(time.GetUtcNow(), cancellationToken);

    public void Dispose() => _proving.Dispose();
}
