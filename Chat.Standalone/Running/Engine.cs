using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Chat.Servers;
using Chat.Standalone.Backing;
using Chat.Standalone.Dashboard;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chat.Standalone.Running;

/// <summary>
/// Runs the topology: chooses the backing services, gives every endpoint its address, then starts each resource when what it
/// waits for is healthy. Stops in the reverse order.
/// </summary>
internal sealed partial class Engine(IResourceCollection resources, IConfiguration configuration, DistributedApplicationExecutionContext executionContext,
    DataFolder data, DashboardServer dashboard, ResourceNotificationService notifications, ResourceLoggerService logs, TimeProvider clock,
    ILogger<Engine> logger) : IHostedService, IAsyncDisposable
{
    public const string RandomPortsKey = "Chat:RandomPorts";

    private readonly List<Instance> _instances = [];
    private readonly List<EndpointProxy> _proxies = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.FromSeconds(30),
    });

    private readonly List<Task> _starting = [];

    public IReadOnlyDictionary<IResource, BackingChoice> Choices { get; private set; } = new Dictionary<IResource, BackingChoice>();

    public IReadOnlyList<Instance> Instances() => _instances;

    /// <summary>All instances of a resource, or the one with this id.</summary>
    public IReadOnlyList<Instance> Instances(string nameOrId) =>
    [
        .. _instances.Where(i => string.Equals(i.Resource.Name, nameOrId, StringComparison.OrdinalIgnoreCase) ||
            string.Equals(i.Id, nameOrId, StringComparison.OrdinalIgnoreCase)),
    ];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        data.Lock();
        await dashboard.StartAsync(this, cancellationToken);
        await ChooseBackingAsync(cancellationToken);
        foreach (var resource in resources)
        {
            Prepare(resource);
        }

        foreach (var resource in resources.Where(r => _instances.Any(i => i.Resource == r)))
        {
            _starting.Add(StartWhenReadyAsync(resource));
        }

        _starting.Add(AnnounceAsync());
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_starting);
        var left = _instances.Select(i => i.Resource).Distinct().ToList();
        while (left.Count > 0)
        {
            // Those that nobody still running waits for; a circle, which could never have started, goes all at once.
            var next = left.Where(r => !left.Any(o => o != r && WaitsFor(o).Contains(r))).ToList();
            next = next.Count > 0 ? next : left;
            await Task.WhenAll(_instances.Where(i => next.Contains(i.Resource)).Select(i => i.ShutDownAsync()));
            left = [.. left.Except(next)];
        }

        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        _proxies.Clear();
        await dashboard.StopAsync(cancellationToken);
        data.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Choices.Values.Select(c => c.Server).OfType<LocalServer>())
        {
            await server.DisposeAsync();
        }

        _instances.ForEach(i => i.Dispose());
        _http.Dispose();
        _stopping.Dispose();
        data.Dispose();
    }

    private async Task ChooseBackingAsync(CancellationToken cancellationToken)
    {
        var chooser = new BackingChooser(configuration, resources, data, (id, line) => logs.Add(id, line.Text, line.IsError));
        var choices = new Dictionary<IResource, BackingChoice>();
        foreach (var container in resources.OfType<ContainerResource>())
        {
            var choice = choices[container] = await chooser.ChooseAsync(container, cancellationToken);
            LogChoice(container.Name.PadRight(10), choice.What, choice.Source.ToString().ToLowerInvariant(), choice.Why);
            Apply(container, choice);
        }

        Choices = choices;
    }

    // The ports are known before the start, and known better after it.
    private static void Apply(ContainerResource container, BackingChoice choice)
    {
        foreach (var (resource, connectionString) in choice.ConnectionStrings)
        {
            foreach (var old in resource.Annotations.OfType<GivenConnectionStringAnnotation>().ToList())
            {
                resource.Annotations.Remove(old);
            }

            resource.Annotations.Add(new GivenConnectionStringAnnotation(connectionString()));
        }

        foreach (var endpoint in container.Endpoints())
        {
            endpoint.AllocatedEndpoint = choice.Ports.TryGetValue(endpoint.Name, out var port)
                ? new(endpoint.UriScheme, "127.0.0.1", port())
                : null;
        }
    }

    private void Prepare(IResource resource)
    {
        switch (resource)
        {
            case ContainerResource container:
                var choice = Choices[container];
                Add(new Instance(container.Name, container, 0,
                    choice.Server is { } server ? new BackingProcess(server, () => Apply(container, choice)) : new Nothing(),
                    notifications, clock, logger));
                break;
            case IResourceWithParent child:
                Add(new Instance(child.Name, child, 0, new Nothing(), notifications, clock, logger));
                break;
            case ProjectResource project:
                var replicas = project.Replicas();
                var processes = new List<Instance>();
                for (var i = 0; i < replicas; i++)
                {
                    var id = replicas == 1 ? project.Name : $"{project.Name}-{i}";
                    var process = new ProjectProcess(project, id, executionContext, _http, line => logs.Add(id, line.Text, line.IsError));
                    processes.Add(Add(new Instance(id, project, i, process, notifications, clock, logger)));
                }

                foreach (var endpoint in project.Endpoints())
                {
                    var proxy = new EndpointProxy(() => Targets(processes, endpoint.Name), clock, logger);
                    proxy.Listen(configuration.GetValue<bool>(RandomPortsKey) ? null : endpoint.Port);
                    if (proxy.Port != endpoint.Port && !configuration.GetValue<bool>(RandomPortsKey))
                    {
                        LogPortTaken(endpoint.Port, proxy.Port, project.Name);
                    }

                    _proxies.Add(proxy);
                    endpoint.AllocatedEndpoint = new(endpoint.UriScheme, "localhost", proxy.Port);
                }

                break;
        }
    }

    private Instance Add(Instance instance)
    {
        instance.Describe = snapshot => InstanceDescription.Add(snapshot, instance, Choices);
        _instances.Add(instance);
        instance.Publish();
        return instance;
    }

    private static IReadOnlyList<int> Targets(List<Instance> processes, string endpoint)
    {
        var running = processes.Where(p => p.IsRunning).ToList();
        var healthy = running.Where(p => p.IsHealthy).ToList();
        return [.. (healthy.Count > 0 ? healthy : running).Select(p => ((ProjectProcess)p.Runnable).Ports[endpoint])];
    }

    private static IEnumerable<IResource> WaitsFor(IResource resource) =>
        resource.Annotations.OfType<WaitAnnotation>().Select(w => w.Resource)
            .Concat(resource is IResourceWithParent child ? [child.Parent] : []);

    private async Task StartWhenReadyAsync(IResource resource)
    {
        try
        {
            var mine = Instances(resource.Name);
            var waits = resource.Annotations.OfType<WaitAnnotation>().ToList();
            if (resource is IResourceWithParent child)
            {
                waits.Add(new(child.Parent, WaitType.WaitUntilHealthy));
            }

            foreach (var wait in waits.DistinctBy(w => (w.Resource, w.WaitType)))
            {
                if (!notifications.IsHealthy(wait.Resource.Name))
                {
                    foreach (var instance in mine)
                    {
                        instance.Waiting(wait.Resource.Name);
                    }
                }

                await (wait.WaitType == WaitType.WaitUntilStarted
                    ? notifications.WaitForResourceAsync(wait.Resource.Name, KnownResourceStates.Running, _stopping.Token)
                    : notifications.WaitForResourceHealthyAsync(wait.Resource.Name, _stopping.Token));
            }

            await Task.WhenAll(mine.Select(i => i.StartAsync(_stopping.Token)));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped before it was its turn.
        }
    }

    // The second of the two addresses a newcomer needs; the dashboard prints the first.
    private async Task AnnounceAsync()
    {
        try
        {
            foreach (var resource in resources.Where(r => r.Endpoints().Any(e => e.IsExternal)))
            {
                await notifications.WaitForResourceHealthyAsync(resource.Name, _stopping.Token);
                var endpoints = resource.Endpoints().Where(e => e is { IsExternal: true, AllocatedEndpoint: not null }).ToList();
                var best = endpoints.FirstOrDefault(e => e.UriScheme == "https") ?? endpoints[0];
                LogReady(resource.Name.PadRight(10), best.AllocatedEndpoint!.UriString);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped before it was ready.
        }
    }

    [LoggerMessage(4001, LogLevel.Information, "{Name} {What} ({Source}: {Why})")]
    private partial void LogChoice(string name, string what, string source, string why);

    [LoggerMessage(4002, LogLevel.Information, "{Name} {Address}")]
    private partial void LogReady(string name, string address);

    [LoggerMessage(4003, LogLevel.Information, "Port {Wanted} is taken; {Port} serves '{Name}' instead.")]
    private partial void LogPortTaken(int? wanted, int port, string name);
}
