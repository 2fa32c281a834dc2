using Chat.Api.Realtime;
using Chat.Backends.Saving;
using Chat.Servers;
using Chat.Tests.Servers;
using Chat.Worker.Saving;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Api;

/// <summary>
/// Two API instances on one Redis and one SQLite file, and something that saves: the whole service, in this process, on free
/// ports. Shared by the tests of the folder; each signs up people and makes rooms of its own.
/// </summary>
public sealed class ApiFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-api-tests-");
    private readonly CancellationTokenSource _stop = new();
    private readonly List<ApiInstance> _instances = [];
    private RedisServer? _redis;
    private Task? _saving;

    public ApiInstance First => Instance(0);

    public ApiInstance Second => Instance(1);

    /// <summary>For what a test wants to break without disturbing others.</summary>
    public ApiInstance StartAnother(Action<IServiceCollection>? configure = null, string? redis = null) =>
        new(redis ?? Redis.ConnectionString, Path.Combine(_directory.FullName, "chat.db"), configure);

    public RedisServer Redis
    {
        get
        {
            Assert.SkipWhen(_redis is null, "redis-server is not installed here.");
            return _redis;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (ServerFinder.Redis is not { } program)
        {
            return;
        }

        _redis = new RedisServer(program);
        await _redis.StartAsync();
        _instances.AddRange([StartAnother(), StartAnother()]);
        _saving = SaveAsync(_instances[0].Services);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_saving is not null)
        {
            await _saving;
        }

        foreach (var instance in _instances)
        {
            await instance.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _directory.Delete(recursive: true);
        _stop.Dispose();
    }

    private ApiInstance Instance(int index)
    {
        _ = Redis;
        return _instances[index];
    }

    private async Task SaveAsync(IServiceProvider services)
    {
        var saver = ActivatorUtilities.CreateInstance<MessageSaver>(services);
        try
        {
            await services.GetRequiredService<ISaveConsumer>().RunAsync(saver.HandleAsync, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The tests are over.
        }
    }
}

/// <summary>One API process' worth, on Kestrel.</summary>
public sealed class ApiInstance : WebApplicationFactory<ChatHub>
{
    private readonly string _redis;
    private readonly string _file;
    private readonly Action<IServiceCollection>? _configure;

    public ApiInstance(string redis, string file, Action<IServiceCollection>? configure = null)
    {
        _redis = redis;
        _file = file;
        _configure = configure;
        UseKestrel(0);
        StartServer();
    }

    public Uri Address => ClientOptions.BaseAddress;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("ConnectionStrings:cache", _redis);
        builder.UseSetting("ConnectionStrings:messaging", $"sqlite:{_file}");
        builder.UseSetting("ConnectionStrings:chatdb", $"sqlite:{_file}");
        builder.UseEnvironment("Production");
        builder.ConfigureLogging(logging => logging.ClearProviders());
        if (_configure is not null)
        {
            builder.ConfigureTestServices(_configure);
        }
    }
}

[CollectionDefinition(Name)]
public sealed class ApiGroup : ICollectionFixture<ApiFixture>
{
    public const string Name = "api";
}
