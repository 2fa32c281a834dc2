namespace Chat.Standalone.Running;

/// <summary>A resource without a process: its connection string was given, or it is a file that its users open themselves.</summary>
internal sealed class Nothing : IRunnable
{
    private readonly TaskCompletionSource<int> _never = new();

    public int? ProcessId => null;

    public Task<int> Exited => _never.Task;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(TimeSpan grace) => Task.CompletedTask;

    public Task KillAsync() => Task.CompletedTask;

    public void Pause() => throw new NotSupportedException("There is no process to pause.");

    public void Resume() => throw new NotSupportedException("There is no process to resume.");

    public Task<string?> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);
}
