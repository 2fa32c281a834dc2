using System.Net;
using Chat.Api.Realtime;
using Chat.Manifests.Overlays;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Chat.Tests.Api;

/// <summary>What Prometheus reads, by the switch and at the path that the manifests name.</summary>
[Collection(ApiGroup.Name)]
public sealed class MetricsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-metrics-");

    [Fact]
    public async Task Where_it_is_switched_on_Prometheus_reads_connections_and_the_queue_and_else_there_is_nothing()
    {
        await using (var on = Start(prometheus: true))
        {
            using var client = on.CreateClient();
            // The queue is counted when the health is asked for, as a cluster does every few seconds.
            using var health = await client.GetAsync("/health");
            var metrics = await client.GetStringAsync(Monitoring.Path);
            Assert.Matches("(?m)^chat_connections(\\{.*\\})? 0", metrics);
            Assert.Matches("(?m)^chat_save_queue_count(\\{.*\\})? 0", metrics);
        }

        await using var off = Start(prometheus: false);
        using var nobody = off.CreateClient();
        using var answer = await nobody.GetAsync(Monitoring.Path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _directory.Delete(recursive: true);
    }

    private WebApplicationFactory<ChatHub> Start(bool prometheus) => new WebApplicationFactory<ChatHub>().WithWebHostBuilder(builder =>
    {
        var file = $"sqlite:{Path.Combine(_directory.FullName, "chat.db")}";
        builder.UseSetting("ConnectionStrings:cache", "127.0.0.1:1");
        builder.UseSetting("ConnectionStrings:messaging", file);
        builder.UseSetting("ConnectionStrings:chatdb", file);
        builder.UseEnvironment("Production");
        if (prometheus)
        {
            builder.UseSetting(Monitoring.Switch.Replace("__", ":", StringComparison.Ordinal), "true");
        }
    });
}
