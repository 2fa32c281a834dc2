using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Chat.Tests.Failures;
using RabbitMQ.Client;
using StackExchange.Redis;

namespace Chat.Tests.Hosting;

/// <summary>The AppHost with Redis and RabbitMQ as Aspire's own containers, as a developer with Docker or podman runs it.</summary>
[Collection(AloneCollection.Name)]
public sealed class ContainerTests(PodmanFixture podman) : IClassFixture<PodmanFixture>
{
    private const string Queue = "kept";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Containers_are_chosen_restarted_while_people_chat_and_leave_nothing_but_their_volumes()
    {
        Assert.SkipWhen(podman.Missing is not null, podman.Missing ?? "");
        using var limit = new CancellationTokenSource(Limit);
        // A developer's volumes are named by the AppHost's path: these must be others.
        var volumes = Guid.NewGuid().ToString("N");
        string[] arguments = ["--Chat:Backing:mongo=embedded", $"--AppHostSha={volumes}"];
        var before = await PodmanFixture.PodmanAsync("ps", "--all", "--quiet");
        try
        {
            await using (var chat = await AppHostChat.StartAsync(arguments, limit.Token))
            {
                foreach (var name in (string[])["cache", "messaging"])
                {
                    var snapshot = await chat.Host.SnapshotAsync(name, limit.Token);
                    Assert.Equal("Container", snapshot.ResourceType);
                    Assert.StartsWith("podman ", snapshot.Property("chat.backing.reason"), StringComparison.Ordinal);
                }

                await TalkThroughRestartsAsync(chat, limit.Token);
                await KeepAsync(chat.Host, limit.Token);
            }

            Assert.Equal(before.Order(), (await PodmanFixture.PodmanAsync("ps", "--all", "--quiet")).Order());
            Assert.Equal(2, (await VolumesAsync(volumes)).Length);

            await using var again = await AppHostChat.StartAsync(arguments, limit.Token);
            await AssertKeptAsync(again.Host, limit.Token);
        }
        finally
        {
            foreach (var volume in await VolumesAsync(volumes))
            {
                await PodmanFixture.PodmanAsync("volume", "rm", "--force", volume);
            }
        }
    }

    private static Task<string[]> VolumesAsync(string id) => PodmanFixture.PodmanAsync("volume", "ls", "--quiet", "--filter", $"name={id[..10]}");

    private static async Task TalkThroughRestartsAsync(AppHostChat chat, CancellationToken cancellationToken)
    {
        await using var run = new FailureRun(chat, seed: 11);
        await run.GatherAsync(4, rooms: 2, cancellationToken);

        var result = await run.RunAsync(
            "containers restart", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2),
            token => RestartAsync(chat.Host, "cache", token), token => RestartAsync(chat.Host, "messaging", token), cancellationToken);

        Assert.True(result.Verdict.Kept, string.Join(Environment.NewLine, result.Verdict.Findings.Concat(run.Trouble.Take(50))));
        Assert.True(result.Verdict.Accepted > 50, $"Only {result.Verdict.Accepted} messages were accepted.");
        Assert.Equal(
            (0, 0, 0, 0), (result.Verdict.Lost, result.Verdict.Duplicated, result.Verdict.Misordered, result.Verdict.ChangesLost));
    }

    private static async Task RestartAsync(RunningAppHost host, string resource, CancellationToken cancellationToken)
    {
        var before = (await host.SnapshotAsync(resource, cancellationToken)).StartTimeStamp;
        await host.CommandAsync(resource, KnownResourceCommands.RestartCommand, cancellationToken);
        await host.App.ResourceNotifications.WaitForResourceAsync(
            resource, e => e.Snapshot.IsHealthy() && e.Snapshot.StartTimeStamp != before, cancellationToken);
    }

    /// <summary>A value in Redis and a message in a queue, both on disk.</summary>
    private static async Task KeepAsync(RunningAppHost host, CancellationToken cancellationToken)
    {
        await using var redis = await RedisAsync(host, cancellationToken);
        await redis.GetDatabase().StringSetAsync(Queue, "yes");
        await redis.GetServers()[0].ExecuteAsync("SAVE");
        await using var rabbit = await RabbitAsync(host, cancellationToken);
        await using var channel = await rabbit.CreateChannelAsync(new(true, true), cancellationToken);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
        await channel.BasicPublishAsync(
            "", Queue, mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes("yes"), cancellationToken);
    }

    private static async Task AssertKeptAsync(RunningAppHost host, CancellationToken cancellationToken)
    {
        await using var redis = await RedisAsync(host, cancellationToken);
        Assert.Equal("yes", (string?)await redis.GetDatabase().StringGetAsync(Queue));
        await using var rabbit = await RabbitAsync(host, cancellationToken);
        await using var channel = await rabbit.CreateChannelAsync(cancellationToken: cancellationToken);
        var kept = await channel.BasicGetAsync(Queue, autoAck: true, cancellationToken);
        Assert.Equal("yes", Encoding.UTF8.GetString(kept!.Body.Span));
    }

    private static async Task<ConnectionMultiplexer> RedisAsync(RunningAppHost host, CancellationToken cancellationToken)
    {
        var options = ConfigurationOptions.Parse((await host.App.GetConnectionStringAsync("cache", cancellationToken))!);
        options.AllowAdmin = true;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    private static async Task<IConnection> RabbitAsync(RunningAppHost host, CancellationToken cancellationToken) =>
        await new ConnectionFactory { Uri = new Uri((await host.App.GetConnectionStringAsync("messaging", cancellationToken))!) }
            .CreateConnectionAsync(cancellationToken);
}
