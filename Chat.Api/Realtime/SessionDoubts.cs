namespace Chat.Api.Realtime;

/// <summary>
/// Events of other pods may have been missed, the end of a session among them: whoever notices raises a doubt, and
/// <see cref="SessionWatch"/> looks at once instead of at its next turn. Several doubts before it looks are one.
/// </summary>
public sealed class SessionDoubts(TimeProvider time)
{
    private TaskCompletionSource _raised = New();

    public void Raise() => Volatile.Read(ref _raised).TrySetResult();

    /// <summary>Until a doubt is raised, at most so long.</summary>
    public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        await Volatile.Read(ref _raised).Task.WaitAsync(longest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        // From here on a doubt is a new one: what is looked at now is read after it.
        Volatile.Write(ref _raised, New());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
