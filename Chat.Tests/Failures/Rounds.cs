namespace Chat.Tests.Failures;

/// <summary>One round at a time; whatever asks during one is served by one more, which begins when it is over.</summary>
/// <param name="round">Does it; told whether to begin at the beginning.</param>
internal sealed class Rounds(Func<bool, Task> round)
{
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;
    private bool _nextWhole;

    /// <summary>Done with a round that began after it was asked for.</summary>
    public Task AskAsync(bool whole)
    {
        lock (_gate)
        {
            if (_running.IsCompleted)
            {
                return _running = Task.Run(() => round(whole));
            }

            _nextWhole |= whole;
            return _next ??= FollowAsync(_running);
        }
    }

    private async Task FollowAsync(Task before)
    {
        await Task.Yield();
        await before;
        bool whole;
        lock (_gate)
        {
            (_running, _next, whole, _nextWhole) = (_next!, null, _nextWhole, false);
        }

        await round(whole);
    }
}
