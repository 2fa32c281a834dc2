namespace Chat.Web.Client.Connection;

/// <summary>Something that loops wait for, with a limit; set while nobody waits, it lets the next wait pass at once.</summary>
internal sealed class Signal(TimeProvider time)
{
    private readonly List<TaskCompletionSource<bool>> _waiting = [];
    private bool _set;

    public void Set()
    {
        _set = _waiting.Count == 0;
        foreach (var wait in _waiting.ToList())
        {
            wait.TrySetResult(true);
        }
    }

    public void Reset() => _set = false;

    /// <summary>True when set, false when the time is over.</summary>
    public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_set)
        {
            _set = false;
            return true;
        }

        var wait = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add(wait);
        try
        {
            await using var timer = time.CreateTimer(_ => wait.TrySetResult(false), null, atMost, Timeout.InfiniteTimeSpan);
            await using var cancelled = cancellationToken.Register(() => wait.TrySetCanceled(cancellationToken));
            return await wait.Task;
        }
        finally
        {
            _waiting.Remove(wait);
        }
    }
}
