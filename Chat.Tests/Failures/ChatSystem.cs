using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Contracts;
using Chat.Servers;
using Chat.Tests.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chat.Tests.Failures;

/// <summary>
/// The whole service as processes: two APIs and two workers, on real servers behind proxies that can break their
/// connections, or on the stand-ins. Everything private, on free ports, gone when it is disposed.
/// </summary>
internal sealed class ChatSystem : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-system-");
    private readonly List<LocalServer> _servers = [];
    private readonly List<ServiceProcess> _apis = [];
    private readonly List<ServiceProcess> _workers = [];
    private IHost? _archive;
    private string _archiveConnection = "";

    private ChatSystem()
    {
    }

    public IReadOnlyList<ServiceProcess> Apis => _apis;

    public IReadOnlyList<ServiceProcess> Workers => _workers;

    public IReadOnlyList<Uri> Addresses => [.. _apis.Select(a => a.Address)];

    /// <summary>Redis, RabbitMQ, MongoDB by resource name; on the stand-ins Redis' alone.</summary>
    public Dictionary<string, LocalServer> Servers { get; } = [];

    /// <summary>What stands between the services and each server; none on the stand-ins.</summary>
    public Dictionary<string, ToxicProxy> Proxies { get; } = [];

    /// <summary>How many processes of each the system has.</summary>
    public static async Task<ChatSystem> StartEmbeddedAsync(int workers, CancellationToken cancellationToken)
    {
        Skip.If(ServerFinder.Garnet is null, "Garnet is not installed here.");
        var system = new ChatSystem();
        try
        {
            var cache = new GarnetServer(ServerFinder.Garnet!);
            await system.AddServerAsync("cache", cache, cancellationToken);
            var file = $"sqlite:{Path.Combine(system._directory.FullName, "chat.db")}";
            await system.StartServicesAsync(cache.ConnectionString, file, file, workers, cancellationToken);
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
        Skip.If(ServerFinder.Redis is null, "redis-server is not installed here.");
        Skip.If(ServerFinder.RabbitMq is null, "rabbitmq-server is not installed here.");
        Skip.If(ServerFinder.Mongo is null, "Neither mongod nor ferretdb is installed here.");
        Skip.If(ServerFinder.Toxiproxy is null, "toxiproxy-server is not installed here.");
        var system = new ChatSystem();
        try
        {
            var proxies = new ToxiproxyServer(ServerFinder.Toxiproxy!);
            system._servers.Add(proxies);
            await proxies.StartAsync(cancellationToken);
            var keeping = new LocalServerOptions { Persistent = true };
            await Task.WhenAll(
                system.AddServerAsync("cache", new RedisServer(ServerFinder.Redis!), cancellationToken),
                system.AddServerAsync("messaging", new RabbitMqServer(ServerFinder.RabbitMq!, keeping), cancellationToken),
                system.AddServerAsync("chatdb", new MongoServer(ServerFinder.Mongo!, keeping), cancellationToken));
            foreach (var (name, server) in system.Servers)
            {
                system.Proxies[name] = await proxies.CreateProxyAsync(name, server.Port, cancellationToken);
            }

            await system.StartServicesAsync(
                system.Through("cache"), system.Through("messaging"), system.Through("chatdb") + "chatdb", workers: 2, cancellationToken);
            // The oracle reads past the proxies: what it sees is what is stored.
            system._archiveConnection = system.Servers["chatdb"].ConnectionString + "chatdb";
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Everything that the archive holds of the room, in room order.</summary>
    public async Task<IReadOnlyList<Message>> ReadStoredAsync(string roomId, CancellationToken cancellationToken)
    {
        var archive = Archive();
        var all = new List<Message>();
        MessageCursor? after = new MessageCursor(DateTimeOffset.UnixEpoch, "");
        for (var pages = 0; pages < 1_000; pages++)
        {
            var page = await PatientlyAsync(() => archive.ReadAsync(roomId, before: null, after, Limits.PageMax, cancellationToken), cancellationToken);
            all.AddRange(page);
            if (page.Count < Limits.PageMax)
            {
                return all;
            }

            after = MessageCursor.Of(page[^1]);
        }

        throw new InvalidOperationException($"The room {roomId} has no end.");
    }

    /// <summary>A database that has just come back may need a moment; the oracle waits for it, at most a minute.</summary>
    private static async Task<T> PatientlyAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await read();
            }
            catch (BackendUnavailableException) when (attempt < 60)
            {
                await Task.Delay(1_000, cancellationToken);
            }
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

    private string Through(string name) => Servers[name].ConnectionString.Replace($":{Servers[name].Port}", $":{Proxies[name].Port}", StringComparison.Ordinal);

    private async Task StartServicesAsync(string cache, string messaging, string chatdb, int workers, CancellationToken cancellationToken)
    {
        _archiveConnection = chatdb;
        var environment = new Dictionary<string, string?>
        {
            ["ConnectionStrings__cache"] = cache,
            ["ConnectionStrings__messaging"] = messaging,
            ["ConnectionStrings__chatdb"] = chatdb,
        };
        for (var i = 0; i < 2; i++)
        {
            _apis.Add(new ServiceProcess($"api-{i}", "Chat.Api.dll", environment));
        }

        for (var i = 0; i < workers; i++)
        {
            _workers.Add(new ServiceProcess($"worker-{i}", "Chat.Worker.dll", environment));
        }

        await Task.WhenAll(_apis.Concat(_workers).Select(s => s.StartAsync(cancellationToken)));
    }

    private IMessageArchive Archive()
    {
        if (_archive is null)
        {
            var builder = Host.CreateApplicationBuilder();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["ConnectionStrings:messaging"] = "sqlite:" + Path.Combine(_directory.FullName, "oracle-needs-no-queue.db"),
                ["ConnectionStrings:chatdb"] = _archiveConnection,
            });
            builder.AddSavingBackends();
            _archive = builder.Build();
        }

        return _archive.Services.GetRequiredService<IMessageArchive>();
    }
}
