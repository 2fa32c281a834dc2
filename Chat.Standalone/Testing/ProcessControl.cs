using Aspire.Hosting;
using Chat.Standalone.Running;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Standalone.Testing;

/// <summary>
/// What only this engine can do to its processes, for failure tests. A resource is named by its name (all its replicas) or by a
/// replica's id (<c>api-1</c>). Start, stop and restart are <c>app.ResourceCommands</c>, as in Aspire.
/// </summary>
public static class ProcessControl
{
    /// <summary>kill -9. The engine sees a crash, and starts it again.</summary>
    public static Task KillAsync(this DistributedApplication app, string nameOrId) =>
        Task.WhenAll(Find(app, nameOrId).Select(i => i.KillAsync()));

    /// <summary>SIGSTOP: connections stay, nothing answers.</summary>
    public static void Pause(this DistributedApplication app, string nameOrId) => Find(app, nameOrId).ToList().ForEach(i => i.Runnable.Pause());

    /// <summary>SIGCONT.</summary>
    public static void Resume(this DistributedApplication app, string nameOrId) => Find(app, nameOrId).ToList().ForEach(i => i.Runnable.Resume());

    /// <summary>The ids of the resource's instances: its name, or <c>name-0</c>, <c>name-1</c>, ….</summary>
    public static IReadOnlyList<string> InstanceIds(this DistributedApplication app, string name) => [.. Find(app, name).Select(i => i.Id)];

    public static IReadOnlyList<int> ProcessIds(this DistributedApplication app, string nameOrId) =>
        [.. Find(app, nameOrId).Select(i => i.Runnable.ProcessId).OfType<int>()];

    /// <summary>One replica's own address, past the one they share.</summary>
    public static Uri GetInstanceEndpoint(this DistributedApplication app, string id, string endpointName = "http") =>
        new($"{endpointName}://127.0.0.1:{((ProjectProcess)Find(app, id)[0].Runnable).Ports[endpointName]}");

    /// <summary>The last lines that an instance wrote.</summary>
    public static IReadOnlyList<string> Output(this DistributedApplication app, string id, int lines = 200) =>
        [.. app.Services.GetRequiredService<Aspire.Hosting.ApplicationModel.ResourceLoggerService>().Last(id, lines).Select(l => l.Content)];

    private static IReadOnlyList<Instance> Find(DistributedApplication app, string nameOrId) =>
        app.Services.GetRequiredService<Engine>().Instances(nameOrId) is { Count: > 0 } found
            ? found
            : throw new ArgumentException($"There is no resource '{nameOrId}'.", nameof(nameOrId));
}
