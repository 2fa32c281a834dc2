using Chat.Backends.Saving;

namespace Chat.Api.Messages;

/// <summary>
/// Up to when everything that was accepted is saved, as far as that has been proved. The queue is asked only when somebody needs a
/// later time than was proved before. One proof runs at a time, for all who need it, and goes on when they stop waiting: where saving is
/// slow, those who ask again find it done.
/// </summary>
public sealed class SaveWatermark(ISaveQueue queue, TimeProvider time)
{
    /// <summary>Saving usually takes milliseconds; who reads history must not wait for a backlog.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(600);

    /// <summary>How long one proof is tried for.</summary>
    private static readonly TimeSpan ProofWithin = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Proof? _running;
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

        if (until > time.GetUtcNow())
        {
            return false;
        }

        try
        {
            await ProveAsync(until).WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The proof goes on.
        }

        return ProvenUntil >= until;
    }

    /// <summary>Whether everything that was accepted before this call is saved.</summary>
    public ValueTask<bool> ReachesNowAsync(CancellationToken cancellationToken) => ReachesAsync(time.GetUtcNow(), cancellationToken);

    /// <summary>Ends with the first proof that could reach the time, whether it did or not.</summary>
    private async Task ProveAsync(DateTimeOffset until)
    {
        var proof = RunningOrNew();
        await proof.Ended.Task;
        if (proof.Asked < until && ProvenUntil < until)
        {
            // It began too early. The next one began after this call.
            await RunningOrNew().Ended.Task;
        }
    }

    private Proof RunningOrNew()
    {
        Proof proof;
        lock (_gate)
        {
            if (_running is { } running)
            {
                return running;
            }

            _running = proof = new Proof(time.GetUtcNow(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        _ = RunAsync(proof);
        return proof;
    }

    private async Task RunAsync(Proof proof)
    {
        try
        {
            if (await queue.WaitUntilSavedAsync(ProofWithin, CancellationToken.None))
            {
                Volatile.Write(ref _provenUntil, proof.Asked.UtcTicks);
            }

            End(proof);
            proof.Ended.SetResult();
        }
        catch (Exception e)
        {
            End(proof);
            proof.Ended.SetException(e);

            // Whoever asked may have stopped waiting; then nobody looks at the error.
            _ = proof.Ended.Task.Exception;
        }
    }

    private void End(Proof proof)
    {
        lock (_gate)
        {
            _running = _running == proof ? null : _running;
        }
    }

    private sealed record Proof(DateTimeOffset Asked, TaskCompletionSource Ended);
}
