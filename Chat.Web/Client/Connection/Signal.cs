namespace Chat.Web.Client.Connection;

/// <summary>Something that loops wait for, with a limit; setting it while nobody waits lets the next wait pass at once.</summary>
internal sealed class Signal(TimeProvider time)
{
    private TaskCompletionSource _set = New();

    public void Set() => _set.TrySetResult();

    /// <summary>Forgets what was set before.</summary>
    public void Reset()
    {
        if (_set.Task.IsCompleted)
        {
            _set = New();
        }
    }

    /// <summary>True when set, false when the time is over.</summary>
    public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var set = _set.Task;
        if (!set.IsCompleted)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(set, Task.Delay(atMost, time, enough.Token));
            await enough.CancelAsync();
        }

        cancellationToken.ThrowIfCancellationRequested();
        var signalled = set.IsCompleted;
        Reset();
        return signalled;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
