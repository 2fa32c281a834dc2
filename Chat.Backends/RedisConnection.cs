using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>
/// The client, without anybody being blocked by its first connecting: the container makes it in the background, and it goes on
/// trying when the server is away.
/// </summary>
public sealed class RedisConnection(IServiceProvider services)
{
    private readonly Lazy<Task<IConnectionMultiplexer>> _client = new(() => Task.Run(services.GetRequiredService<IConnectionMultiplexer>));

    public Task<IConnectionMultiplexer> ClientAsync() => _client.Value;

    /// <summary>What our way of using Redis needs of the client: fail at once while disconnected, never give up.</summary>
    public static void Configure(ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = 2_000;
        options.ConnectRetry = 1;
        // The heartbeat is what reconnects.
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
        options.ReconnectRetryPolicy = new LinearRetry(250);
        // Asking a cluster for its state counts as administration.
        options.AllowAdmin = true;
        options.ClientName = "chat";
    }
}
