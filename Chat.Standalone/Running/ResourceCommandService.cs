using Chat.Standalone.Running;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.ApplicationModel;

public static class KnownResourceCommands
{
    public static readonly string StartCommand = "resource-start";
    public static readonly string StopCommand = "resource-stop";
    public static readonly string RestartCommand = "resource-restart";
}

public sealed record ExecuteCommandResult
{
    public required bool Success { get; init; }

    public string? ErrorMessage { get; init; }
}

/// <summary>Start, stop and restart of a resource, or with a replica's id (<c>api-1</c>) of that replica alone.</summary>
public class ResourceCommandService(IServiceProvider services)
{
    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resource.Name, commandName, cancellationToken);

    public async Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName,
        CancellationToken cancellationToken = default)
    {
        var instances = services.GetRequiredService<Engine>().Instances(resourceId);
        if (instances.Count == 0)
        {
            return new() { Success = false, ErrorMessage = $"There is no resource '{resourceId}'." };
        }

        Func<Instance, Task>? command = commandName switch
        {
            "resource-start" => i => i.StartAsync(cancellationToken),
            "resource-stop" => i => i.StopAsync(cancellationToken),
            "resource-restart" => async i =>
            {
                await i.StopAsync(cancellationToken);
                await i.StartAsync(cancellationToken);
            }
            ,
            _ => null,
        };
        if (command is null)
        {
            return new() { Success = false, ErrorMessage = $"There is no command '{commandName}'." };
        }

        // One after the other, so that restarting a replicated resource leaves the others to serve.
        foreach (var instance in instances)
        {
            await command(instance);
        }

        return new() { Success = true };
    }
}
