using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Chat.Hosting.Servers;
using Chat.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chat.Hosting.Backing;

/// <summary>What the backing services of one AppHost share: the choice, the data folder, and the servers to start and stop.</summary>
internal sealed partial class LocalBacking
{
    // As Aspire's own resources name it.
    private const string PrimaryEndpoint = "tcp";

    private readonly List<(string Resource, string What, string Reason)> _explained = [];
    private readonly IDistributedApplicationBuilder _builder;
    private readonly BackingSelector _selector;
    private readonly LocalServerHost _host;

    private LocalBacking(IDistributedApplicationBuilder builder, Func<ContainerRuntimeStatus> askContainerRuntime)
    {
        _builder = builder;
        var runtime = new Lazy<ContainerRuntimeStatus>(askContainerRuntime);
        _selector = new BackingSelector(builder.Configuration, () => runtime.Value);
        Data = new DataFolder(Path.GetFullPath(builder.Configuration[DataFolder.Key] ?? ".chat", builder.AppHostDirectory));
        _host = new LocalServerHost(Data);
        builder.Eventing.Subscribe<BeforeStartEvent>((e, _) =>
        {
            // Before anything is started or said: an AppHost that may not run says only that.
            if (UsesDataFolder)
            {
                Data.Lock();
            }

            var logger = e.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Chat.Hosting");
            foreach (var (resource, what, reason) in _explained)
            {
                LogBacking(logger, resource, what, reason);
            }

            return Task.CompletedTask;
        });
    }

    public DataFolder Data { get; }

    /// <summary>Gets what this AppHost's backing services share. The first call creates it.</summary>
    public static LocalBacking Of(IDistributedApplicationBuilder builder) => Of(builder, () => ContainerRuntime.Ask(builder));

    /// <inheritdoc cref="Of(IDistributedApplicationBuilder)"/>
    internal static LocalBacking Of(IDistributedApplicationBuilder builder, Func<ContainerRuntimeStatus> askContainerRuntime)
    {
        if (builder.Services.FirstOrDefault(d => d.ServiceType == typeof(LocalBacking))?.ImplementationInstance is LocalBacking existing)
        {
            return existing;
        }

        BackingUnavailableException.ReportWithoutStackTrace();
        var created = new LocalBacking(builder, askContainerRuntime);
        builder.Services.AddSingleton(created);
        TakenPorts.Replace(builder);
        return created;
    }

    /// <inheritdoc cref="BackingSelector.Choose"/>
    public BackingChoice Choose(string resource, string connection, string program, Func<string?> find) =>
        _selector.Choose(resource, connection, program, find);

    /// <summary>Shows on the dashboard why a container runs.</summary>
    public void Explain<T>(IResourceBuilder<T> container, BackingChoice choice)
        where T : IResource
    {
        _explained.Add((container.Resource.Name, "Container", choice.Reason));
        container.OnInitializeResource((resource, e, _) => e.Notifications.PublishUpdateAsync(resource, s => s with
        {
            Properties = [.. s.Properties, BackingProperties.Reason(choice.Reason)],
        }));
    }

    /// <summary>Replaces a resource by a connection string under its name.</summary>
    /// <param name="replaced">The resource.</param>
    /// <param name="what">What is behind the connection string, for people.</param>
    /// <param name="choice">Why.</param>
    /// <param name="connectionString">The connection string.</param>
    public IResourceBuilder<ConnectionStringResource> Replace(
        IResource replaced, string what, BackingChoice choice, string connectionString)
    {
        _explained.Add((replaced.Name, what, choice.Reason));
        _builder.Resources.Remove(replaced);
        if (choice.Kind == BackingKind.Embedded)
        {
            UseDataFolder();
        }

        var builder = _builder.AddConnectionString(replaced.Name, ReferenceExpression.Create($"{connectionString}"));
        if (replaced.TryGetLastAnnotation<ResourceIconAnnotation>(out var icon))
        {
            builder.WithAnnotation(icon);
        }

        return builder.WithInitialState(new CustomResourceSnapshot
        {
            ResourceType = "ConnectionString",
            State = KnownResourceStates.NotStarted,
            Properties = [BackingProperties.Source(what, choice.Reason), BackingProperties.Reason(choice.Reason)],
        });
    }

    /// <summary>Runs a resource's server as a child of this process instead of as a container.</summary>
    /// <param name="builder">The resource. It stays what it is, but for its image.</param>
    /// <param name="what">What runs, for people: "redis-server", "Embedded Garnet".</param>
    /// <param name="choice">Why.</param>
    /// <param name="create">Creates the server, once.</param>
    public void RunLocally<T>(IResourceBuilder<T> builder, string what, BackingChoice choice, CreateLocalServer create)
        where T : ContainerResource
    {
        _explained.Add((builder.Resource.Name, what, choice.Reason));
        UseDataFolder();
        var persistent = builder.Resource.Annotations.OfType<ContainerMountAnnotation>().Any();
        // The port is fixed before the start, since others get the connection string meanwhile.
        var port = builder.Resource.Annotations.OfType<EndpointAnnotation>().First(e => e.Name == PrimaryEndpoint).Port;
        var server = new LocalServerLifecycle(builder.Resource, what, choice.Reason, async (onLine, cancellationToken) =>
            await create(
                new LocalServerOptions
                {
                    Directory = Data.Folder(builder.Resource.Name),
                    Port = port ?? FreePort.Next(),
                    Persistent = persistent,
                    OnLine = onLine,
                    OwnGroup = true,
                },
                cancellationToken));
        server.AttachTo(builder);
        _host.Add(server);
    }

    private bool UsesDataFolder => _builder.Services.Any(d => d.ImplementationInstance == _host);

    private void UseDataFolder()
    {
        if (!UsesDataFolder)
        {
            // The first to start is the last to stop: the services need their servers until they have ended.
            _builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(_host));
            _builder.Configuration["DcpPublisher:WaitForResourceCleanup"] ??= "true";
        }
    }

    [LoggerMessage(4006, LogLevel.Information, "{Resource}: {What} – {Reason}")]
    private static partial void LogBacking(ILogger logger, string resource, string what, string reason);
}

/// <summary>Creates a backing service's server.</summary>
/// <param name="options">Where it keeps its data, and where its output goes.</param>
/// <param name="cancellationToken">Cancels the look-up of what the server needs, such as its password.</param>
internal delegate ValueTask<LocalServer> CreateLocalServer(LocalServerOptions options, CancellationToken cancellationToken);
