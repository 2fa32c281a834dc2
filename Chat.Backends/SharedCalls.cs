namespace Chat.Backends;

/// <summary>
/// Lets many who ask for the same at once share one answer. While a call of a key runs, everybody else who asks for that key waits for the
/// next one, so that an answer never comes from a call that began before it was asked for. A key costs memory only while it is asked for.
/// </summary>
public sealed class SharedCalls<TKey, TResult>
    where TKey : notnull
{
    private readonly Lock _gate = new();

    // A key is here while its call runs, with those who wait for the next one.
    private readonly Dictionary<TKey, TaskCompletionSource<TResult>?> _next = [];

    /// <summary>How many keys are being asked for.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _next.Count;
            }
        }
    }

    /// <summary>The answer of a call that begins now or later.</summary>
    /// <param name="key">What is asked for.</param>
    /// <param name="call">Answers the key, the same for all who ask for it. It limits its own time: whoever waits for it may go.</param>
    /// <param name="cancellationToken">Ends the waiting, not the call.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public Task<TResult> AskAsync(TKey key, Func<Task<TResult>> call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        TaskCompletionSource<TResult> answer;
        lock (_gate)
        {
            if (_next.TryGetValue(key, out var next))
            {
                next ??= _next[key] = NewAnswer();
                return next.Task.WaitAsync(cancellationToken);
            }

            _next[key] = null;
            answer = NewAnswer();
        }

        _ = RunAsync(key, call, answer);
        return answer.Task.WaitAsync(cancellationToken);
    }

    private static TaskCompletionSource<TResult> NewAnswer() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Never throws: an error is the answer to those whose call it was, and the next call comes all the same.</summary>
    private async Task RunAsync(TKey key, Func<Task<TResult>> call, TaskCompletionSource<TResult> first)
    {
        for (var current = first; current is not null;)
        {
            try
            {
                current.TrySetResult(await call());
            }
            catch (Exception e)
            {
                current.TrySetException(e);
            }

            // Whoever asked may have stopped waiting; then nobody looks at the error.
            _ = current.Task.Exception;
            lock (_gate)
            {
                current = _next[key];
                if (current is null)
                {
                    _next.Remove(key);
                }
                else
                {
                    _next[key] = null;
                }
            }
        }
    }
}
