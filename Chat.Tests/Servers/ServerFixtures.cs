using Chat.Servers;

namespace Chat.Tests.Servers;

/// <summary>One server for the tests of a class. Where it is not installed <see cref="Server"/> skips the test that asks for it.</summary>
public abstract class ServerFixture<TServer>(string name, string? program, Func<string, TServer> create) : IAsyncLifetime
    where TServer : LocalServer
{
    private TServer? _server;

    public TServer Server
    {
        get
        {
            Assert.SkipWhen(_server is null, $"{name} is not installed here.");
            return _server;
        }
    }

    public string ConnectionString => Server.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        if (program is not null)
        {
            _server = create(program);
            await _server.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}

public sealed class RedisFixture() : ServerFixture<RedisServer>("redis-server", ServerFinder.Redis, p => new RedisServer(p));

public sealed class GarnetFixture() : ServerFixture<GarnetServer>("Garnet", ServerFinder.Garnet, p => new GarnetServer(p));

public sealed class RabbitMqFixture() : ServerFixture<RabbitMqServer>("rabbitmq-server", ServerFinder.RabbitMq, p => new RabbitMqServer(p));

public sealed class ToxiproxyFixture() : ServerFixture<ToxiproxyServer>("toxiproxy-server", ServerFinder.Toxiproxy, p => new ToxiproxyServer(p));

/// <summary>A MongoDB: the one of <c>CHAT_TEST_MONGODB</c>, else an own mongod or ferretdb.</summary>
public sealed class MongoFixture : IAsyncLifetime
{
    private MongoServer? _server;

    public string ConnectionString
    {
        get
        {
            var given = ServerFinder.MongoConnectionString ?? _server?.ConnectionString;
            Assert.SkipWhen(given is null, "CHAT_TEST_MONGODB is not set, and neither mongod nor ferretdb is installed here.");
            return given;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (ServerFinder.MongoConnectionString is null && ServerFinder.Mongo is { } program)
        {
            _server = new MongoServer(program);
            await _server.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

/// <summary>Three Redis primaries.</summary>
public sealed class RedisClusterFixture : IAsyncLifetime
{
    private RedisCluster? _cluster;

    public RedisCluster Cluster
    {
        get
        {
            Assert.SkipWhen(_cluster is null, "redis-server is not installed here.");
            return _cluster;
        }
    }

    public string ConnectionString => Cluster.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        if (ServerFinder.Redis is { } program)
        {
            _cluster = new RedisCluster(program);
            await _cluster.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}
