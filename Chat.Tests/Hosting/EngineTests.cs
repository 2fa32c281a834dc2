using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Chat.Standalone.Testing;

namespace Chat.Tests.Hosting;

public sealed class EngineTests : IAsyncLifetime, IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(5));
    private readonly IDistributedApplicationTestingBuilder _builder = DistributedApplicationTestingBuilder.Create();
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-engine-").FullName;
    private DistributedApplication? _app;

    [Fact]
    public async Task A_resource_starts_only_when_what_it_waits_for_is_healthy_and_ends_before_it()
    {
        var ends = Path.Combine(_folder, "ends");
        var first = _builder.AddFake("first").WithEnvironment("FAKE_END_FILE", ends);
        var second = _builder.AddFake("second").WithEnvironment("FAKE_END_FILE", ends).WaitFor(first);
        _builder.AddFake("third").WithEnvironment("FAKE_END_FILE", ends).WaitFor(second);
        var app = await StartAsync();
        List<string> healthy = [];

        await foreach (var changed in app.ResourceNotifications.WatchAsync(_timeout.Token))
        {
            var snapshot = changed.Snapshot;
            if (snapshot.State?.Text == KnownResourceStates.Running && !healthy.Contains(changed.ResourceId))
            {
                Assert.Equal(changed.ResourceId switch { "first" => 0, "second" => 1, _ => 2 }, healthy.Count);
            }

            if (snapshot.HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy && !healthy.Contains(changed.ResourceId))
            {
                healthy.Add(changed.ResourceId);
            }

            if (healthy.Count == 3)
            {
                break;
            }
        }

        await app.StopAsync(_timeout.Token);

        Assert.Equal(["third", "second", "first"], await File.ReadAllLinesAsync(ends, _timeout.Token));
    }

    [Fact]
    public async Task A_crashed_process_comes_back_behind_the_same_address_and_the_crash_is_counted()
    {
        _builder.AddFake("fake");
        var app = await StartAsync("fake");
        var address = app.GetEndpoint("fake");
        var before = await WhoAsync(app, "fake");

        await app.KillAsync("fake");
        await app.ResourceNotifications.WaitForResourceAsync("fake", e => Restarts(e) == 1, _timeout.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("fake", _timeout.Token);

        Assert.Equal(address, app.GetEndpoint("fake"));
        Assert.NotEqual(before, await WhoAsync(app, "fake"));
    }

    [Fact]
    public async Task A_process_that_cannot_run_is_tried_again_with_growing_pauses()
    {
        _builder.AddProject<FakeProject>("broken").WithArgs("not-a-service");
        var app = await StartAsync();
        List<DateTime> starts = [];

        await foreach (var changed in app.ResourceNotifications.WatchAsync(_timeout.Token))
        {
            if (changed.Snapshot.State?.Text == KnownResourceStates.Running && changed.Snapshot.StartTimeStamp is { } start && starts.LastOrDefault() != start)
            {
                starts.Add(start);
            }

            if (starts.Count == 4)
            {
                break;
            }
        }

        // Each pause is twice the last: 0.5, 1, 2 s. The times between starts include the processes' own lives, so they only grow more.
        Assert.True(starts[3] - starts[2] > TimeSpan.FromSeconds(2), $"{starts[3] - starts[2]}");
        Assert.True(starts[2] - starts[1] > TimeSpan.FromSeconds(1), $"{starts[2] - starts[1]}");
    }

    [Fact]
    public async Task Replicas_share_one_address_and_a_dead_or_unhealthy_one_gets_no_new_connection()
    {
        var marker = Path.Combine(_folder, "unhealthy");
        _builder.AddFake("fake").WithReplicas(2).WithEnvironment("FAKE_UNHEALTHY_FILE", marker);
        var app = await StartAsync("fake");
        Assert.Equal(["fake-0", "fake-1"], app.InstanceIds("fake"));
        var (zero, one) = (app.ProcessIds("fake-0")[0], app.ProcessIds("fake-1")[0]);
        Assert.Equal(new[] { zero, one }.Order(), (await AskAsync(app, 8)).Order());

        await File.WriteAllTextAsync($"{marker}.{zero}", "");
        await app.ResourceNotifications.WaitForResourceAsync("fake-0",
            e => e.Snapshot.HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy, _timeout.Token);
        Assert.Equal([one], await AskAsync(app, 8));

        File.Delete($"{marker}.{zero}");
        await app.ResourceNotifications.WaitForResourceHealthyAsync("fake", _timeout.Token);
        var stopped = await app.ResourceCommands.ExecuteCommandAsync("fake-1", KnownResourceCommands.StopCommand, _timeout.Token);
        Assert.True(stopped.Success);
        Assert.Equal([zero], await AskAsync(app, 8));

        await app.ResourceCommands.ExecuteCommandAsync("fake-1", KnownResourceCommands.StartCommand, _timeout.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("fake", _timeout.Token);
        Assert.Equal(2, (await AskAsync(app, 8)).Count);
    }

    [Fact]
    public async Task A_connection_made_while_nothing_runs_waits_for_the_process()
    {
        _builder.AddFake("fake");
        var app = await StartAsync("fake");
        await app.ResourceCommands.ExecuteCommandAsync("fake", KnownResourceCommands.StopCommand, _timeout.Token);

        var asked = WhoAsync(app, "fake");
        await app.ResourceCommands.ExecuteCommandAsync("fake", KnownResourceCommands.StartCommand, _timeout.Token);

        Assert.Equal(app.ProcessIds("fake")[0], await asked);
    }

    [Fact]
    public async Task WebSockets_and_server_sent_events_pass_the_shared_address()
    {
        _builder.AddFake("fake").WithReplicas(2);
        var app = await StartAsync("fake");
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(app.GetEndpoint("fake")) { Scheme = "ws", Path = "/socket" }.Uri, _timeout.Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, _timeout.Token);
        var buffer = new byte[16];
        var read = await socket.ReceiveAsync(buffer, _timeout.Token);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, read.Count));

        using var http = app.CreateHttpClient("fake");
        using var events = await http.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead, _timeout.Token);
        using var reader = new StreamReader(await events.Content.ReadAsStreamAsync(_timeout.Token));
        Assert.Equal("data: 1", await reader.ReadLineAsync(_timeout.Token));
    }

    [Fact]
    public async Task Nothing_is_left_running_or_on_the_disk_after_the_test_builder_is_disposed()
    {
        _builder.AddRedis("cache");
        _builder.AddFake("fake").WithReplicas(2);
        var app = await StartAsync("fake", "cache");
        int[] processes = [.. app.ProcessIds("fake"), .. app.ProcessIds("cache")];
        Assert.Equal(3, processes.Length);
        var data = _builder.Configuration["Chat:Data"]!;
        Assert.True(Directory.Exists(data));

        await app.DisposeAsync();

        Assert.All(processes, p => Assert.Throws<ArgumentException>(() => System.Diagnostics.Process.GetProcessById(p)));
        Assert.False(Directory.Exists(data));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _builder.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _timeout.Dispose();

    private static int Restarts(ResourceEvent e) => e.Snapshot.Properties.FirstOrDefault(p => p.Name == "resource.restarts")?.Value as int? ?? 0;

    private async Task<DistributedApplication> StartAsync(params string[] healthy)
    {
        _app = await _builder.BuildAsync(_timeout.Token);
        await _app.StartAsync(_timeout.Token);
        foreach (var name in healthy)
        {
            await _app.ResourceNotifications.WaitForResourceHealthyAsync(name, _timeout.Token);
        }

        return _app;
    }

    // A client each: a connection stays with its process.
    private async Task<int> WhoAsync(DistributedApplication app, string name)
    {
        using var http = app.CreateHttpClient(name);
        return await http.GetFromJsonAsync<int>("/who", _timeout.Token);
    }

    private async Task<IReadOnlyList<int>> AskAsync(DistributedApplication app, int times)
    {
        HashSet<int> answered = [];
        for (var i = 0; i < times; i++)
        {
            answered.Add(await WhoAsync(app, "fake"));
        }

        return [.. answered];
    }
}
