namespace Chat.Api.Realtime;

/// <summary>Lets a loop look again before its interval is over. Requests that come before it looks count as one.</summary>
public sealed class RecheckSignal(TimeProvider time)
{
    private TaskCompletionSource _requested = New();

    /// <summary>Ends the present wait, or the next one when nobody waits.</summary>
    public void Request() => Volatile.Read(ref _requested).TrySetResult();

    /// <summary>Completes when a recheck is requested, or after <paramref name="longest"/>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        await Volatile.Read(ref _requested).Task.WaitAsync(longest, time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        // A request from here on is a new one: what the caller looks at now is read after it.
        Volatile.Write(ref _requested, New());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
