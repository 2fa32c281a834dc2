using Aspire.Hosting.Testing;

namespace Chat.Tests.Hosting;

public sealed class AppHostTests
{
    [Fact]
    public async Task The_AppHost_can_be_started_inside_a_test_and_gives_its_cache_away()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chat_AppHost>(timeout.Token);
        await using var app = await builder.BuildAsync(timeout.Token);
        await app.StartAsync(timeout.Token);

        await app.ResourceNotifications.WaitForResourceHealthyAsync("cache", timeout.Token);

        var cache = await app.GetConnectionStringAsync("cache", timeout.Token);
        await using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(cache!);
        Assert.True(await redis.GetDatabase().StringSetAsync("key", "value"));
        Assert.StartsWith("sqlite:", await app.GetConnectionStringAsync("messaging", timeout.Token));
        Assert.StartsWith("sqlite:", await app.GetConnectionStringAsync("chatdb", timeout.Token));
        Assert.Equal("http", app.GetEndpoint("web").Scheme);
    }
}
