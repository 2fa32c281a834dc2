using System.Diagnostics;
using Chat.Servers;

namespace Chat.Tests.Hosting;

/// <summary>The AppHost as people start it: a process of its own.</summary>
public sealed class AppHostProcessTests : IAsyncLifetime
{
    private static readonly string AppHost = Path.Combine(AppContext.BaseDirectory, "Chat.AppHost.dll");
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(5));
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-apphost-").FullName;
    private readonly List<Started> _started = [];

    [Fact]
    public async Task It_prints_the_dashboards_address_first_and_SIGTERM_ends_everything()
    {
        var host = Start(Data("one"));
        var first = await host.LineAsync(_ => true, _timeout.Token);
        Assert.Matches(@"^dashboard\s+http://localhost:\d+/login\?t=[0-9a-f]{32}$", first);
        using var http = new HttpClient();
        using var page = await http.GetAsync(first.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], _timeout.Token);
        Assert.True(page.IsSuccessStatusCode);
        var children = await ChildrenAsync(host);

        await host.Process.StopAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(0, await host.Process.Exited);
        await AssertGoneAsync(children);
    }

    [Fact]
    public async Task Ctrl_C_in_its_terminal_reaches_it_alone_and_it_stops_its_children_itself()
    {
        var host = Start(Data("one"));
        await host.LineAsync(_ => true, _timeout.Token);
        var children = await ChildrenAsync(host);
        // A terminal sends Ctrl+C to the foreground group: none of the servers and services may be in the AppHost's.
        Assert.All(children, c => Assert.Equal(c.Id, Processes.Group(c.Id)));

        using var interrupt = Process.Start("kill", ["-INT", $"{host.Process.Id}"]);
        Assert.Equal(0, await host.Process.Exited.WaitAsync(_timeout.Token));

        await AssertGoneAsync(children);
        Assert.DoesNotContain("ended by itself", host.Process.Tail);
    }

    [Fact]
    public async Task Killed_it_leaves_no_process_behind_and_can_start_again_on_the_same_data()
    {
        var host = Start(Data("one"));
        await host.LineAsync(_ => true, _timeout.Token);
        var children = await ChildrenAsync(host);

        using (var process = Process.GetProcessById(host.Process.Id))
        {
            // Only itself: what it started must end by other means.
            process.Kill(entireProcessTree: false);
        }

        await host.Process.Exited;
        await AssertGoneAsync(children);
        var again = Start(Data("one"));
        Assert.StartsWith("dashboard", await again.LineAsync(_ => true, _timeout.Token));
    }

    [Fact]
    public async Task A_second_AppHost_on_the_same_data_is_refused_with_a_sentence_and_one_on_its_own_data_runs()
    {
        var first = Start(Data("one"));
        await first.LineAsync(l => l.StartsWith("cache", StringComparison.Ordinal), _timeout.Token);

        var second = Start(Data("one"));
        Assert.Equal(1, await second.Process.Exited.WaitAsync(_timeout.Token));
        Assert.Contains($"Another AppHost (process {first.Process.Id}) is running with the data in", second.Process.Tail);
        Assert.DoesNotContain("   at ", second.Process.Tail);

        var third = Start(Data("two"));
        await third.LineAsync(l => l.StartsWith("cache", StringComparison.Ordinal), _timeout.Token);
        Assert.False(first.Process.HasExited);
    }

    [Fact]
    public async Task A_wrong_wish_is_refused_with_a_sentence()
    {
        var host = Start(Data("one"), "--Chat:Backing=somewhere");

        Assert.Equal(1, await host.Process.Exited.WaitAsync(_timeout.Token));
        Assert.Contains("Chat:Backing is 'somewhere'; it may be 'embedded' or 'found'.", host.Process.Tail);
        Assert.DoesNotContain("   at ", host.Process.Tail);
    }

    [Fact]
    public async Task It_publishes_its_manifest_and_ends()
    {
        var file = Path.Combine(_folder, "out", "manifest.json");
        var host = Start("--publisher", "manifest", "--output-path", file);

        Assert.Equal(0, await host.Process.Exited.WaitAsync(_timeout.Token));
        Assert.Contains("\"type\": \"project.v0\"", await File.ReadAllTextAsync(file, _timeout.Token));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _started)
        {
            await one.Process.StopAsync(TimeSpan.FromSeconds(30));
            await one.Process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
        _timeout.Dispose();
    }

    private string Data(string name) => $"--Chat:Data={Path.Combine(_folder, name)}";

    private Started Start(params string[] args)
    {
        var lines = System.Threading.Channels.Channel.CreateUnbounded<string>();
        var process = ChildProcess.Start(new ChildStart(ProgramFinder.Dotnet(),
            [AppHost, "--Chat:Backing=embedded", "--Chat:RandomPorts=true", .. args])
        {
            WorkingDirectory = _folder,
            OnLine = line => lines.Writer.TryWrite(line.Text),
        });
        var started = new Started(process, lines.Reader);
        _started.Add(started);
        return started;
    }

    // The cache's, and both replicas' of the API, which start whatever their health.
    private async Task<IReadOnlyList<(int Id, DateTime Start)>> ChildrenAsync(Started host)
    {
        while (true)
        {
            Assert.False(host.Process.HasExited, host.Process.Tail);
            var children = Processes.Below(host.Process.Id);
            if (children.Count(c => c.Command.Contains("Chat.Api.dll")) == 2 && children.Any(c => c.Command.Contains("GarnetServer.dll")) &&
                !children.Any(c => c.Command.Contains("Chat.Servers.dll lead")))
            {
                return [.. children.Where(c => c.Command.Contains("Chat.Api.dll") || c.Command.Contains("GarnetServer.dll")).Select(c => (c.Id, c.Start))];
            }

            await Task.Delay(100, _timeout.Token);
        }
    }

    private async Task AssertGoneAsync(IReadOnlyList<(int Id, DateTime Start)> processes)
    {
        while (processes.Any(p => Processes.IsAlive(p.Id, p.Start)))
        {
            await Task.Delay(50, _timeout.Token);
        }
    }

    private sealed record Started(ChildProcess Process, System.Threading.Channels.ChannelReader<string> Lines)
    {
        public async Task<string> LineAsync(Func<string, bool> wanted, CancellationToken cancellationToken)
        {
            await foreach (var line in Lines.ReadAllAsync(cancellationToken))
            {
                if (wanted(line))
                {
                    return line;
                }
            }

            throw new InvalidOperationException("It ended first.");
        }
    }
}
