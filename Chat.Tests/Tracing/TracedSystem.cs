using Chat.Servers;
using Chat.Tests.Failures;
using Chat.Tests.Servers;

namespace Chat.Tests.Tracing;

/// <summary>An API and a worker as processes, on servers of their own, that export to a collector.</summary>
internal sealed class TracedSystem : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-traced-");
    private readonly List<LocalServer> _servers = [];
    private readonly List<ServiceProcess> _services = [];
    private readonly Dictionary<string, string?> _connections = [];
    private OtlpCollector _collector = null!;

    private TracedSystem()
    {
    }

    public OtlpCollector Collector => _collector;

    public ServiceProcess Api => _services[0];

    public ServiceProcess Worker => _services[1];

    /// <param name="cancellationToken">Ends the starting.</param>
    /// <param name="settings">Environment variables of both services, instead of what tests otherwise give them.</param>
    public static async Task<TracedSystem> StartEmbeddedAsync(
        CancellationToken cancellationToken, Dictionary<string, string?>? settings = null)
    {
        Assert.SkipWhen(ServerFinder.Garnet is null, "Garnet is not installed here.");
        var system = new TracedSystem();
        var file = $"sqlite:{Path.Combine(system._directory.FullName, "chat.db")}";
        return await system.StartAsync(
            new GarnetServer(ServerFinder.Garnet!), () => (file, file), grpc: false, settings, cancellationToken);
    }

    /// <summary>Redis, RabbitMQ and, where there is one, MongoDB; exporting over gRPC.</summary>
    public static async Task<TracedSystem> StartRealAsync(
        bool mongo, CancellationToken cancellationToken, Dictionary<string, string?>? settings = null)
    {
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        Assert.SkipWhen(ServerFinder.RabbitMq is null, "rabbitmq-server is not installed here.");
        Assert.SkipWhen(mongo && ServerFinder.Mongo is null, "Neither mongod nor ferretdb is installed here.");
        var system = new TracedSystem();
        var broker = new RabbitMqServer(ServerFinder.RabbitMq!);
        var database = mongo ? new MongoServer(ServerFinder.Mongo!) : null;
        system._servers.AddRange(database is null ? [broker] : [broker, database]);
        var file = $"sqlite:{Path.Combine(system._directory.FullName, "chat.db")}";
        return await system.StartAsync(
            new RedisServer(ServerFinder.Redis!),
            () => (broker.ConnectionString, database is null ? file : database.ConnectionString + "chatdb"),
            grpc: true, settings, cancellationToken);
    }

    /// <summary>Another service beside these, exporting as they do.</summary>
    public async Task<ServiceProcess> AddAsync(
        string name, string assembly, Dictionary<string, string?> settings, CancellationToken cancellationToken, bool grpc = false)
    {
        var environment = new Dictionary<string, string?>(_connections.Concat(_collector.EnvironmentOf(name, grpc)));
        foreach (var (setting, value) in settings)
        {
            environment[setting] = value;
        }

        var service = new ServiceProcess(name, assembly, environment);
        _services.Add(service);
        await service.StartAsync(cancellationToken);
        return service;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }

        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        if (_collector is not null)
        {
            await _collector.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private async Task<TracedSystem> StartAsync(
        LocalServer cache, Func<(string Messaging, string Database)> connect, bool grpc, Dictionary<string, string?>? settings,
        CancellationToken cancellationToken)
    {
        try
        {
            _servers.Add(cache);
            _collector = await OtlpCollector.StartAsync();
            await Task.WhenAll(_servers.Select(s => s.StartAsync(cancellationToken)));
            _connections["ConnectionStrings__cache"] = cache.ConnectionString;
            (_connections["ConnectionStrings__messaging"], _connections["ConnectionStrings__chatdb"]) = connect();
            await AddAsync("api", "Chat.Api.dll", settings ?? [], cancellationToken, grpc);
            await AddAsync("worker", "Chat.Worker.dll", settings ?? [], cancellationToken, grpc);
            // Otherwise the first message may go to the archive without the queue, and no worker has a part in its trace.
            await Task.WhenAll(_services.Select(s => s.UntilHealthyAsync(cancellationToken)));
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }
}
