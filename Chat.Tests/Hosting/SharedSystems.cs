using Chat.Servers;
using Chat.Tests.Servers;

namespace Chat.Tests.Hosting;

/// <summary>
/// A running system that test classes share. It is started when a test first asks for it, and stopped with the last class of its
/// collection, since an idle one costs processor time, too. A test that breaks a server starts a system of its own.
/// </summary>
public abstract class SharedSystem : IAsyncLifetime
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromMinutes(4);
    private readonly Lock _gate = new();
    private Task<RunningAppHost>? _running;

    /// <summary>The running system. All resources are healthy.</summary>
    internal Task<RunningAppHost> RunningAsync()
    {
        lock (_gate)
        {
            return _running ??= StartAsync();
        }
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_running is { IsCompletedSuccessfully: true })
        {
            await (await _running).DisposeAsync();
        }
    }

    /// <summary>Arguments of the AppHost, once what they name runs.</summary>
    protected abstract Task<string[]> PrepareAsync();

    private async Task<RunningAppHost> StartAsync()
    {
        using var timeout = new CancellationTokenSource(StartWithin);
        var system = await RunningAppHost.StartAsync(await PrepareAsync(), timeout.Token);
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

/// <summary>On Garnet and SQLite.</summary>
public sealed class EmbeddedSystem : SharedSystem
{
    protected override Task<string[]> PrepareAsync() => Task.FromResult<string[]>(["--Chat:Backing=embedded"]);
}

/// <summary>On redis-server, rabbitmq-server and a MongoDB server.</summary>
public sealed class RealSystem : SharedSystem
{
    private MongoServer? _mongo;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_mongo is not null)
        {
            await _mongo.DisposeAsync();
        }
    }

    protected override async Task<string[]> PrepareAsync()
    {
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        Assert.SkipWhen(ServerFinder.RabbitMq is null, "rabbitmq-server is not installed here.");
        Assert.SkipWhen(ServerFinder.Mongo is null, "Neither mongod nor ferretdb is installed here.");
        _mongo = new MongoServer(ServerFinder.Mongo!);
        await _mongo.StartAsync();
        return ["--Chat:Backing:cache=found", "--Chat:Backing:messaging=found", $"--ConnectionStrings:chatdb={_mongo.ConnectionString}chatdb"];
    }
}

[CollectionDefinition(Name)]
public sealed class RealSystemCollection : ICollectionFixture<RealSystem>
{
    public const string Name = "real system";
}
