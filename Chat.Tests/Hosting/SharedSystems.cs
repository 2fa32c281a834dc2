using Chat.Servers;
using Chat.Tests.Hosting;
using Chat.Tests.Servers;

[assembly: AssemblyFixture(typeof(SharedSystems))]

namespace Chat.Tests.Hosting;

/// <summary>
/// The running systems that test classes share, each started when a test first asks for it. A test that breaks a server starts a system
/// of its own.
/// </summary>
public sealed class SharedSystems : IAsyncLifetime
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromMinutes(4);
    private readonly Lock _gate = new();
    private Task<RunningAppHost>? _embedded;
    private Task<RunningAppHost>? _real;
    private MongoServer? _mongo;

    /// <summary>On Garnet and SQLite. All resources are healthy.</summary>
    internal Task<RunningAppHost> EmbeddedAsync()
    {
        lock (_gate)
        {
            return _embedded ??= StartAsync(["--Chat:Backing=embedded"]);
        }
    }

    /// <summary>On redis-server, rabbitmq-server and a MongoDB server. All resources are healthy.</summary>
    internal Task<RunningAppHost> RealAsync()
    {
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        Assert.SkipWhen(ServerFinder.RabbitMq is null, "rabbitmq-server is not installed here.");
        Assert.SkipWhen(ServerFinder.Mongo is null, "Neither mongod nor ferretdb is installed here.");
        lock (_gate)
        {
            return _real ??= StartRealAsync();
        }
    }

    /// <summary>One of the two, by its name in a test's data: <c>embedded</c> or <c>real</c>.</summary>
    internal Task<RunningAppHost> Async(string name) => name == "real" ? RealAsync() : EmbeddedAsync();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var system in (Task<RunningAppHost>?[])[_embedded, _real])
        {
            if (system is { IsCompletedSuccessfully: true })
            {
                await (await system).DisposeAsync();
            }
        }

        if (_mongo is not null)
        {
            await _mongo.DisposeAsync();
        }
    }

    private async Task<RunningAppHost> StartRealAsync()
    {
        _mongo = new MongoServer(ServerFinder.Mongo!);
        await _mongo.StartAsync();
        return await StartAsync(
            ["--Chat:Backing:cache=found", "--Chat:Backing:messaging=found", $"--ConnectionStrings:chatdb={_mongo.ConnectionString}chatdb"]);
    }

    private static async Task<RunningAppHost> StartAsync(string[] arguments)
    {
        using var timeout = new CancellationTokenSource(StartWithin);
        var system = await RunningAppHost.StartAsync(arguments, timeout.Token);
        try
        {
            await system.HealthyAsync(RunningAppHost.Resources, timeout.Token);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }
}
