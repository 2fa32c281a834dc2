using System.Net;
using System.Net.Sockets;
using Chat.Servers;
using StackExchange.Redis;

namespace Chat.Tests.Servers;

public sealed class LocalServerTests
{
    public static TheoryData<string> Names => ["redis", "garnet", "rabbitmq", "mongo", "toxiproxy"];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_server_is_ready_after_its_start_and_starts_again_on_its_port_after_kill(string name)
    {
        await using var server = Create(name);
        await server.StartAsync();
        var port = server.Port;
        Assert.True(await AcceptsAsync(port));

        await server.KillAsync();
        Assert.False(server.IsRunning);
        Assert.False(await AcceptsAsync(port));

        await server.StartAsync();
        Assert.Equal(port, server.Port);
        Assert.True(await AcceptsAsync(port));

        await server.StopAsync();
        Assert.False(await AcceptsAsync(port));
    }

    [Theory]
    [InlineData("redis")]
    [InlineData("garnet")]
    public async Task A_cache_with_persistence_and_password_keeps_its_data_over_a_stop(string name)
    {
        await using var server = Create(name, new LocalServerOptions { Password = "a-long-secret", Persistent = true });
        await server.StartAsync();
        using (var redis = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString))
        {
            await redis.GetDatabase().StringSetAsync("kept", "yes");
            if (name == "garnet")
            {
                // It writes to disk every 100 ms; the stop must not come before that.
                await redis.GetDatabase().ExecuteAsync("COMMITAOF");
            }
        }

        await server.RestartAsync();

        using var again = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        Assert.Equal("yes", (string?)await again.GetDatabase().StringGetAsync("kept"));
    }

    [Fact]
    public async Task A_cluster_of_three_primaries_serves_every_slot()
    {
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        await using var cluster = new RedisCluster(ServerFinder.Redis);
        await cluster.StartAsync();

        using var redis = await ConnectionMultiplexer.ConnectAsync(cluster.ConnectionString);
        var database = redis.GetDatabase();
        for (var i = 0; i < 50; i++)
        {
            await database.StringSetAsync($"key{i}", i);
            Assert.Equal(i, (int)await database.StringGetAsync($"key{i}"));
        }

        Assert.Equal(3, redis.GetServers().Count(s => s.IsConnected && !s.IsReplica));
    }

    [Fact]
    public async Task RabbitMQ_leaves_no_name_server_behind()
    {
        Assert.SkipWhen(ServerFinder.RabbitMq is null, "rabbitmq-server is not installed here.");
        await using var server = new RabbitMqServer(ServerFinder.RabbitMq);
        await server.StartAsync();
        Assert.Contains("chat@localhost", await server.ControlAsync(CancellationToken.None, "status"), StringComparison.Ordinal);
        Assert.True(await AcceptsAsync(server.NameServerPort));

        await server.StopAsync();

        Assert.False(await AcceptsAsync(server.NameServerPort));
    }

    [Fact]
    public async Task A_toxic_proxy_cuts_and_heals_the_way_to_a_server()
    {
        Assert.SkipWhen(ServerFinder.Toxiproxy is null || ServerFinder.Redis is null, "toxiproxy-server or redis-server is not installed here.");
        await using var redis = new RedisServer(ServerFinder.Redis);
        await using var toxiproxy = new ToxiproxyServer(ServerFinder.Toxiproxy);
        await redis.StartAsync();
        await toxiproxy.StartAsync();
        var proxy = await toxiproxy.CreateProxyAsync("redis", redis.Port);

        Assert.Equal("+PONG", await PingAsync(proxy.Port));

        await proxy.CutAsync(ToxicDirection.Downstream);
        Assert.Null(await PingAsync(proxy.Port));
        await proxy.RemoveAsync("timeout");
        Assert.Equal("+PONG", await PingAsync(proxy.Port));

        await proxy.DisableAsync();
        Assert.Null(await PingAsync(proxy.Port));
        await proxy.EnableAsync();
        Assert.Equal("+PONG", await PingAsync(proxy.Port));
    }

    [Fact]
    public async Task A_paused_server_answers_nothing_until_it_is_resumed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGSTOP.");
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        await using var redis = new RedisServer(ServerFinder.Redis);
        await redis.StartAsync();

        if (!OperatingSystem.IsWindows())
        {
            redis.Pause();
            Assert.Null(await PingAsync(redis.Port));
            redis.Resume();
        }

        Assert.Equal("+PONG", await PingAsync(redis.Port));
    }

    [Fact]
    public async Task A_server_that_ends_at_once_says_why()
    {
        await using var server = new GarnetServer(Path.Combine(Path.GetTempPath(), "no-such-assembly.dll"));
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync());
        Assert.Contains("no-such-assembly.dll", e.Message, StringComparison.Ordinal);
    }

    private static LocalServer Create(string name, LocalServerOptions? options = null)
    {
        var program = name switch
        {
            "redis" => ServerFinder.Redis,
            "garnet" => ServerFinder.Garnet,
            "rabbitmq" => ServerFinder.RabbitMq,
            "mongo" => ServerFinder.Mongo,
            _ => ServerFinder.Toxiproxy,
        };
        Assert.SkipWhen(program is null, $"{name} is not installed here.");
        return name switch
        {
            "redis" => new RedisServer(program, options),
            "garnet" => new GarnetServer(program, options),
            "rabbitmq" => new RabbitMqServer(program, options),
            "mongo" => new MongoServer(program, options),
            _ => new ToxiproxyServer(program, options),
        };
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The first line that Redis answers to a ping, or null when none comes within half a second.</summary>
    private static async Task<string?> PingAsync(int port)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, patience.Token);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), patience.Token);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadLineAsync(patience.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
