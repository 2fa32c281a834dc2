namespace Chat.Api.Messages;

/// <summary>What was begun is finished before the process ends, within the host's time to stop.</summary>
public sealed class SendsInFlight : IHostedLifecycleService
{
    private readonly Lock _gate = new();
    private int _count;
    private TaskCompletionSource? _none;

    public IDisposable Begin()
    {
        lock (_gate)
        {
            _count++;
        }

        return new Send(this);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        Task none;
        lock (_gate)
        {
            _none = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_count == 0)
            {
                _none.SetResult();
            }

            none = _none.Task;
        }

        await none.WaitAsync(cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void End()
    {
        lock (_gate)
        {
            if (--_count == 0)
            {
                _none?.TrySetResult();
            }
        }
    }

    private sealed class Send(SendsInFlight all) : IDisposable
    {
        public void Dispose() => all.End();
    }
}
