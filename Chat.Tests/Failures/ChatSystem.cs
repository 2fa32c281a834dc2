using Chat.Contracts;
using Chat.Servers;
using Chat.Tests.Servers;

namespace Chat.Tests.Failures;

/// <summary>
/// The whole service as processes: two APIs and two workers, on real servers, each connection behind a proxy that can break
/// it, or on the stand-ins. Everything private, on free ports, gone when it is disposed.
/// </summary>
internal sealed class ChatSystem : IRunningChat, IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-system-");
    private readonly List<LocalServer> _servers = [];
    private readonly List<ServiceProcess> _apis = [];
    private readonly List<ServiceProcess> _workers = [];
    private readonly Dictionary<(string Service, string Server), ToxicProxy> _ways = [];
    private readonly Dictionary<string, ToxicProxy> _fronts = [];
    private ToxiproxyServer? _toxiproxy;
    private StoredMessages? _archive;
    private string _archiveConnection = "";

    private ChatSystem()
    {
    }

    public IReadOnlyList<ServiceProcess> Apis => _apis;

    public IReadOnlyList<ServiceProcess> Workers => _workers;

    /// <summary>Redis, RabbitMQ, MongoDB by resource name; on the stand-ins Redis' alone.</summary>
    public Dictionary<string, LocalServer> Servers { get; } = [];

    /// <summary>Where clients reach the APIs: through a proxy of each, so that the way to it can be broken too.</summary>
    public IReadOnlyList<Uri> Addresses => [.. _apis.Select(a => _fronts.TryGetValue(a.Name, out var front) ? new Uri($"http://127.0.0.1:{front.Port}") : a.Address)];

    /// <summary>The ways of every service to the server.</summary>
    public IReadOnlyList<ToxicProxy> WaysTo(string server) => [.. _ways.Where(w => w.Key.Server == server).Select(w => w.Value)];

    /// <summary>The ways of the service to its servers, or to one of them.</summary>
    public IReadOnlyList<ToxicProxy> WaysOf(string service, string? server = null) =>
        [.. _ways.Where(w => w.Key.Service == service && (server is null || w.Key.Server == server)).Select(w => w.Value)];

    /// <summary>The clients' way to the API.</summary>
    public ToxicProxy WayTo(ServiceProcess api) => _fronts[api.Name];

    /// <summary>The one file of the stand-ins.</summary>
    public string EmbeddedFile => Path.Combine(_directory.FullName, "chat.db");

    /// <param name="workers">How many worker processes.</param>
    /// <param name="cancellationToken">Ends the starting.</param>
    /// <param name="apiSettings">Environment variables of the APIs besides the connections.</param>
    public static async Task<ChatSystem> StartEmbeddedAsync(
        int workers, CancellationToken cancellationToken, IReadOnlyDictionary<string, string?>? apiSettings = null)
    {
        Assert.SkipWhen(ServerFinder.Garnet is null, "Garnet is not installed here.");
        var system = new ChatSystem();
        try
        {
            var cache = new GarnetServer(ServerFinder.Garnet);
            await system.AddServerAsync("cache", cache, cancellationToken);
            var file = $"sqlite:{system.EmbeddedFile}";
            system._archiveConnection = file;
            await system.StartServicesAsync(
                (_, server, _) => Task.FromResult(server == "cache" ? cache.ConnectionString : file), workers, cancellationToken, apiSettings);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public static async Task<ChatSystem> StartRealAsync(CancellationToken cancellationToken)
    {
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        Assert.SkipWhen(ServerFinder.RabbitMq is null, "rabbitmq-server is not installed here.");
        Assert.SkipWhen(ServerFinder.Mongo is null, "Neither mongod nor ferretdb is installed here.");
        Assert.SkipWhen(ServerFinder.Toxiproxy is null, "toxiproxy-server is not installed here.");
        var system = new ChatSystem();
        try
        {
            system._toxiproxy = new ToxiproxyServer(ServerFinder.Toxiproxy);
            system._servers.Add(system._toxiproxy);
            await system._toxiproxy.StartAsync(cancellationToken);
            var keeping = new LocalServerOptions { Persistent = true };
            await Task.WhenAll(
                system.AddServerAsync("cache", new RedisServer(ServerFinder.Redis, keeping), cancellationToken),
                system.AddServerAsync("messaging", new RabbitMqServer(ServerFinder.RabbitMq, keeping), cancellationToken),
                system.AddServerAsync("chatdb", new MongoServer(ServerFinder.Mongo, keeping), cancellationToken));
            // The oracle reads past the proxies: what it sees is what is stored.
            system._archiveConnection = system.Servers["chatdb"].ConnectionString + "chatdb";
            await system.StartServicesAsync(system.ConnectThroughAsync, workers: 2, cancellationToken);
            // RabbitMQ 3.10: a node killed within half a second of the queue's first declaration comes back with a queue that confirms
            // nothing, for good. Here it is declared, and stopped in order once, before anything is killed.
            await system.Servers["messaging"].RestartAsync(cancellationToken);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Message>> ReadStoredAsync(string roomId, CancellationToken cancellationToken) => Archive().ReadAsync(roomId, cancellationToken);

    /// <summary>Judged and done with: the fewer documents, the faster a database whose queries all read everything (ferretdb).</summary>
    public async Task ForgetAsync(IEnumerable<string> rooms, CancellationToken cancellationToken)
    {
        foreach (var room in rooms)
        {
            await Archive().EraseAsync(room, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _apis.Concat(_workers))
        {
            await service.DisposeAsync();
        }

        _archive?.Dispose();
        foreach (var server in Enumerable.Reverse(_servers))
        {
            await server.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private async Task AddServerAsync(string name, LocalServer server, CancellationToken cancellationToken)
    {
        lock (_servers)
        {
            _servers.Add(server);
            Servers[name] = server;
        }

        await server.StartAsync(cancellationToken);
    }

    private async Task<string> ConnectThroughAsync(string service, string server, CancellationToken cancellationToken)
    {
        var target = Servers[server];
        var way = _ways[(service, server)] = await _toxiproxy!.CreateProxyAsync($"{service}-{server}", target.Port, cancellationToken);
        var text = target.ConnectionString.Replace($":{target.Port}", $":{way.Port}", StringComparison.Ordinal);
        return server == "chatdb" ? text + "chatdb" : text;
    }

    private async Task StartServicesAsync(
        Func<string, string, CancellationToken, Task<string>> connect, int workers, CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string?>? apiSettings = null)
    {
        for (var i = 0; i < 2; i++)
        {
            var name = $"api-{i}";
            var environment = await EnvironmentOfAsync(name);
            foreach (var (setting, value) in apiSettings ?? new Dictionary<string, string?>())
            {
                environment[setting] = value;
            }

            var api = new ServiceProcess(name, "Chat.Api.dll", environment);
            _apis.Add(api);
            if (_toxiproxy is not null)
            {
                _fronts[name] = await _toxiproxy.CreateProxyAsync(name, api.Address.Port, cancellationToken);
            }
        }

        for (var i = 0; i < workers; i++)
        {
            var name = $"worker-{i}";
            _workers.Add(new ServiceProcess(name, "Chat.Worker.dll", await EnvironmentOfAsync(name)));
        }

        await Task.WhenAll(_apis.Concat(_workers).Select(s => s.StartAsync(cancellationToken)));

        async Task<Dictionary<string, string?>> EnvironmentOfAsync(string service) => new()
        {
            ["ConnectionStrings__cache"] = await connect(service, "cache", cancellationToken),
            ["ConnectionStrings__messaging"] = await connect(service, "messaging", cancellationToken),
            ["ConnectionStrings__chatdb"] = await connect(service, "chatdb", cancellationToken),
        };
    }

    private StoredMessages Archive() => _archive ??= new StoredMessages(_archiveConnection, Path.Combine(_directory.FullName, "oracle-needs-no-queue.db"));
}
