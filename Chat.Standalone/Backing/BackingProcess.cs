using Chat.Servers;
using Chat.Standalone.Running;

namespace Chat.Standalone.Backing;

/// <summary>A backing server of this machine as a child of the AppHost.</summary>
internal sealed class BackingProcess(LocalServer server, Action started) : IRunnable
{
    private static readonly Task<int> NotStarted = new TaskCompletionSource<int>().Task;

    public int? ProcessId => server.Process?.Id;

    public Task<int> Exited => server.Process?.Exited ?? NotStarted;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await server.StartAsync(cancellationToken);
        started();
    }

    public Task StopAsync(TimeSpan grace) => server.StopAsync(grace);

    public Task KillAsync() => server.KillAsync();

    public void Pause() => ProcessSignals.Pause(server.Process);

    public void Resume() => ProcessSignals.Resume(server.Process);

    public async Task<string?> ProbeAsync(CancellationToken cancellationToken) =>
        await server.AnswersAsync(cancellationToken) ? null : "does not answer in its protocol";
}
