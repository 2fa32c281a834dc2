using StackExchange.Redis;

namespace Chat.Servers;

/// <summary>Asks a server of Redis' protocol.</summary>
internal static class RedisProbe
{
    /// <summary>Connects for administration: one attempt, which throws when the server does not answer.</summary>
    public static Task<ConnectionMultiplexer> ConnectAsync(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 0;
        options.ConnectTimeout = 2_000;
        options.AllowAdmin = true;
        return ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>Reads a field of <c>INFO server</c>.</summary>
    public static async Task<string> ReadVersionAsync(string connectionString, string field, CancellationToken cancellationToken)
    {
        await using var redis = await ConnectAsync(connectionString).WaitAsync(cancellationToken);
        var info = await redis.GetServers()[0].InfoAsync("server").WaitAsync(cancellationToken);
        return info.SelectMany(section => section).First(line => line.Key == field).Value;
    }
}
