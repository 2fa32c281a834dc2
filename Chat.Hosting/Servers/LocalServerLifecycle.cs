using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Chat.Hosting.Backing;
using Chat.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chat.Hosting.Servers;

/// <summary>
/// Runs the server of a container resource as a child of this process. The resource keeps its name, endpoints, parameters, connection
/// string and health check. Without an image Aspire's orchestrator leaves it alone, so this class does what the orchestrator would do:
/// it allocates the endpoints, publishes states and logs, and offers the commands to start, stop and restart.
/// </summary>
/// <param name="resource">The resource.</param>
/// <param name="what">What runs, for people.</param>
/// <param name="reason">Why it runs this way, for people.</param>
/// <param name="create">Creates the server, given who hears its output. It is called once, before the first start.</param>
internal sealed partial class LocalServerLifecycle(
    ContainerResource resource, string what, string reason, Func<Action<ChildLine>, CancellationToken, Task<LocalServer>> create)
    : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(8);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _shutdown = new();
    private IServiceProvider? _services;
    private LocalServer? _server;
    private ILogger? _logger;
    private Task _watching = Task.CompletedTask;

    private ResourceNotificationService Notifications => _services!.GetRequiredService<ResourceNotificationService>();

    private IDistributedApplicationEventing Eventing => _services!.GetRequiredService<IDistributedApplicationEventing>();

    public void AttachTo<T>(IResourceBuilder<T> builder)
        where T : ContainerResource
    {
        Strip(resource);
        builder
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = resource.GetType().Name.Replace("Resource", "", StringComparison.Ordinal),
                State = KnownResourceStates.NotStarted,
                Properties = [BackingProperties.Source(what, reason), BackingProperties.Reason(reason)],
            })
            .WithCommand(KnownResourceCommands.StartCommand, "Start", _ => CommandAsync(StartAsync), new CommandOptions
            {
                IconName = "Play",
                IconVariant = IconVariant.Filled,
                IsHighlighted = true,
                UpdateState = context => IsStopped(context) ? ResourceCommandState.Enabled : ResourceCommandState.Hidden,
            })
            .WithCommand(KnownResourceCommands.StopCommand, "Stop", _ => CommandAsync(StopAsync), new CommandOptions
            {
                IconName = "Stop",
                IconVariant = IconVariant.Filled,
                IsHighlighted = true,
                UpdateState = context => IsRunning(context) ? ResourceCommandState.Enabled : ResourceCommandState.Hidden,
            })
            .WithCommand(KnownResourceCommands.RestartCommand, "Restart", _ => CommandAsync(RestartAsync), new CommandOptions
            {
                IconName = "ArrowCounterclockwise",
                IconVariant = IconVariant.Regular,
                UpdateState = context => IsRunning(context) ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
            })
            .OnInitializeResource(async (_, e, cancellationToken) =>
            {
                _services = e.Services;
                _logger = e.Logger;
                await e.Eventing.PublishAsync(new BeforeResourceStartedEvent(resource, e.Services), cancellationToken);
                await StartAsync();
            });
    }

    /// <summary>Stops the server, and keeps it from being started again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _shutdown.CancelAsync();
        await _turn.WaitAsync(CancellationToken.None);
        if (_server is { } server)
        {
            await server.StopAsync(Grace);
            await server.DisposeAsync();
        }

        _turn.Release();
        await _watching;
        _turn.Dispose();
        _shutdown.Dispose();
    }

    // What only a container has. The health check stays: it asks by the connection string.
    private static void Strip(ContainerResource resource)
    {
        foreach (var annotation in resource.Annotations.Where(a => a is ContainerImageAnnotation or ContainerMountAnnotation
            or ContainerLifetimeAnnotation or CommandLineArgsCallbackAnnotation or CertificateTrustConfigurationCallbackAnnotation
            or HttpsCertificateConfigurationCallbackAnnotation).ToList())
        {
            resource.Annotations.Remove(annotation);
        }
    }

    private static bool IsRunning(UpdateCommandStateContext context) => context.ResourceSnapshot.State?.Text == KnownResourceStates.Running;

    private static bool IsStopped(UpdateCommandStateContext context) =>
        context.ResourceSnapshot.State?.Text is { } state && KnownResourceStates.TerminalStates.Contains(state);

    private async Task<ExecuteCommandResult> CommandAsync(Func<Task> action)
    {
        await action();
        return _server is null || Notifications.TryGetCurrentState(resource.Name, out var current)
            && current.Snapshot.State?.Text == KnownResourceStates.FailedToStart
            ? CommandResults.Failure($"'{resource.Name}' did not start. Its log has the reason.")
            : CommandResults.Success();
    }

    private async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    private async Task StartAsync()
    {
        await _turn.WaitAsync(_shutdown.Token);
        try
        {
            if (_server is { IsRunning: true })
            {
                return;
            }

            await PublishAsync(s => s with { State = KnownResourceStates.Starting, ExitCode = null, StopTimeStamp = null });
            var server = _server ??= await CreateAsync();
            await server.StartAsync(_shutdown.Token);
            var version = await server.ReadVersionAsync(_shutdown.Token);
            var source = version is null ? what : $"{what} {version}";
            LogRunning(_logger!, source);
            await PublishAsync(
                s => s with { State = KnownResourceStates.Running, StartTimeStamp = DateTime.UtcNow },
                BackingProperties.Source(source, reason), new("executable.pid", server.Process!.Id));
            _watching = WatchAsync(server.Process);
        }
        catch (Exception e) when (e is not OperationCanceledException || !_shutdown.IsCancellationRequested)
        {
            LogFailed(_logger!, e, resource.Name);
            await PublishAsync(s => s with { State = new(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error) });
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task StopAsync()
    {
        await _turn.WaitAsync(_shutdown.Token);
        try
        {
            if (_server is { } server)
            {
                await PublishAsync(s => s with { State = KnownResourceStates.Stopping });
                await server.StopAsync(Grace);
                await PublishStoppedAsync(server.Process);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<LocalServer> CreateAsync()
    {
        var server = await create(LogLine, _shutdown.Token);
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", server.PortOf(endpoint.Name));
        }

        await Eventing.PublishAsync(new ResourceEndpointsAllocatedEvent(resource, _services!), _shutdown.Token);
        foreach (var one in Family().OfType<IResourceWithConnectionString>())
        {
            await Eventing.PublishAsync(new ConnectionStringAvailableEvent(one, _services!), _shutdown.Token);
        }

        return server;
    }

    /// <summary>The resource, and those whose state follows it, such as its databases.</summary>
    private IEnumerable<IResource> Family() =>
    [
        resource,
        .. _services!.GetRequiredService<DistributedApplicationModel>().Resources
            .OfType<IResourceWithParent>().Where(child => child.Parent == resource),
    ];

    private async Task WatchAsync(ChildProcess process)
    {
        var exitCode = await process.Exited;
        if (_shutdown.IsCancellationRequested)
        {
            return;
        }

        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            if (_server?.Process == process && Notifications.TryGetCurrentState(resource.Name, out var current)
                && current.Snapshot.State?.Text == KnownResourceStates.Running)
            {
                LogExited(_logger!, resource.Name, exitCode);
                await PublishStoppedAsync(process);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task PublishStoppedAsync(ChildProcess? process) => PublishAsync(s => s with
    {
        State = KnownResourceStates.Exited,
        StopTimeStamp = DateTime.UtcNow,
        ExitCode = process is { HasExited: true } ? process.Exited.Result : null,
    });

    private async Task PublishAsync(
        Func<CustomResourceSnapshot, CustomResourceSnapshot> change, params ResourcePropertySnapshot[] properties)
    {
        foreach (var one in Family())
        {
            await Notifications.PublishUpdateAsync(one, s => change(s) with
            {
                Properties = one == resource
                    ? [.. s.Properties.Where(p => !properties.Any(n => n.Name == p.Name)), .. properties]
                    : s.Properties,
            });
        }
    }

    private void LogLine(ChildLine line)
    {
        if (line.IsError)
        {
            LogErrorLine(_logger!, line.Text);
        }
        else
        {
            LogOutputLine(_logger!, line.Text);
        }
    }

    [LoggerMessage(4001, LogLevel.Information, "{What} is ready.")]
    private static partial void LogRunning(ILogger logger, string what);

    [LoggerMessage(4002, LogLevel.Error, "{Name} did not start.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string name);

    [LoggerMessage(4003, LogLevel.Error, "{Name} ended by itself with exit code {ExitCode}.")]
    private static partial void LogExited(ILogger logger, string name, int exitCode);

    [LoggerMessage(4004, LogLevel.Information, "{Line}")]
    private static partial void LogOutputLine(ILogger logger, string line);

    [LoggerMessage(4005, LogLevel.Error, "{Line}")]
    private static partial void LogErrorLine(ILogger logger, string line);
}
