using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Chat.Servers;
using Chat.Tests.Manifests;

namespace Chat.Tests.Hosting;

/// <summary>The AppHost as developers start it: <c>dotnet run</c>, in a process of its own, without a container runtime.</summary>
[Collection(ClusterCollection.Name)]
public sealed partial class AppHostProcessTests : IAsyncLifetime
{
    private const string RunVariable = "CHAT_TEST_RUN";
    private static readonly string Project = Path.Combine(Sources.Repository, "Chat.AppHost");
    private static readonly string Dotnet =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(8));
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-apphost-").FullName;
    private readonly List<Started> _started = [];

    [Fact]
    public async Task It_prints_both_addresses_leaves_no_process_however_it_ends_starts_again_on_its_data_and_runs_beside_another()
    {
        using var http = new HttpClient();
        foreach (var signal in (string[])["INT", "TERM", "KILL"])
        {
            var host = Start(Data("one"));
            var dashboard = await host.MatchAsync(DashboardAddress(), _timeout.Token);
            var chat = await host.MatchAsync(ChatAddress(), _timeout.Token);
            foreach (var address in (string[])[dashboard, chat])
            {
                using var page = await http.GetAsync(new Uri(address), _timeout.Token);
                Assert.True(page.IsSuccessStatusCode, $"{address}: {page.StatusCode}");
            }

            var processes = Processes.With(RunVariable, host.Run);
            Assert.True(processes.Count(p => p.Command.Contains("Chat.Api", StringComparison.Ordinal)) >= 2);
            Assert.Contains(processes, p => p.Command.Contains("GarnetServer.dll", StringComparison.Ordinal));

            using (var kill = Process.Start("kill", [$"-{signal}", $"{host.Process.Id}"]))
            {
                await kill.WaitForExitAsync(_timeout.Token);
            }

            Assert.Equal(signal == "KILL" ? 137 : 0, await ExitAsync(host, signal));
            await AssertGoneAsync(processes);
        }

        await RunsBesideAnotherAsync(Start(Data("one")));
    }

    /// <summary>
    /// A second AppHost on the same data is refused with a sentence. One on its own data runs beside the first, on ports that are free.
    /// </summary>
    private async Task RunsBesideAnotherAsync(Started first)
    {
        var chat = new Uri(await first.MatchAsync(ChatAddress(), _timeout.Token));

        var second = Start(Data("one"));
        Assert.Equal(1, await second.Process.Exited.WaitAsync(_timeout.Token));
        Assert.Contains(
            $"Another AppHost (process {first.Process.Id}) uses the data folder", second.Process.Tail, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Process.Tail, StringComparison.Ordinal);

        var third = Start(Data("two"));
        var address = new Uri(await third.MatchAsync(DashboardAddress(), _timeout.Token));
        var other = new Uri(await third.MatchAsync(ChatAddress(), _timeout.Token));
        Assert.NotEqual(15080, address.Port);
        Assert.NotEqual(5080, other.Port);
        Assert.Contains("Port 5080 is in use; 'web' gets another one.", third.Output, StringComparison.Ordinal);
        Assert.Contains("Port 15080 is in use; the dashboard gets another one.", third.Output, StringComparison.Ordinal);
        using var http = new HttpClient();
        foreach (var one in (Uri[])[chat, other])
        {
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(one, "/health"), _timeout.Token)).StatusCode);
        }
    }

    [Theory]
    [InlineData("--Chat:Backing=somewhere", "Chat:Backing is 'somewhere'. It can be 'containers', 'found' or 'embedded'.")]
    [InlineData("--Chat:Backing:cache=found", "redis-server is not installed on this machine. Install it, or ")]
    [InlineData("--Chat:Backing:cache=containers", "but containers cannot run: ")]
    public async Task What_cannot_be_done_is_refused_with_a_sentence(string argument, string sentence)
    {
        // The SDK's folder has no program but dotnet, so neither Docker nor Redis is found.
        var host = Start(new Dictionary<string, string?> { ["PATH"] = Path.GetDirectoryName(Dotnet) }, Data("one"), argument);

        Assert.Equal(1, await host.Process.Exited.WaitAsync(_timeout.Token));
        Assert.Contains(sentence, host.Process.Tail, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Process.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_publishes_its_manifest_and_ends()
    {
        var file = Path.Combine(_folder, "out", "manifest.json");
        var host = Start("--publisher", "manifest", "--output-path", file);

        Assert.Equal(0, await host.Process.Exited.WaitAsync(_timeout.Token));
        Assert.Contains("\"type\": \"project.v0\"", await File.ReadAllTextAsync(file, _timeout.Token), StringComparison.Ordinal);
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

    private Started Start(params string[] arguments) =>
        Start(new Dictionary<string, string?>(), ["--Chat:Backing=embedded", .. arguments]);

    private Started Start(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        var lines = Channel.CreateUnbounded<string>();
        var output = new List<string>();
        var run = Guid.NewGuid().ToString("N");
        // What `dotnet run` starts, with the variables of the first launch profile: one process less to end. A shell that runs the tests in
        // the background makes them, and what they start, ignore SIGINT, so that is undone.
        var process = ChildProcess.Start(new ChildStart("/usr/bin/env", ["--default-signal=INT", Dotnet, Sources.AppHost, .. arguments])
        {
            WorkingDirectory = Project,
            OwnGroup = true,
            Environment = new Dictionary<string, string?>(environment)
            {
                // The orchestrator detaches itself, so it and what it starts are known by what they inherit.
                [RunVariable] = run,
                ["DOTNET_ENVIRONMENT"] = "Development",
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ASPNETCORE_URLS"] = "http://localhost:15080",
                ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
                ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://localhost:19080",
                ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = "http://localhost:20080",
            },
            OnLine = line =>
            {
                lock (output)
                {
                    output.Add(line.Text);
                }

                lines.Writer.TryWrite(line.Text);
            },
        });
        var started = new Started(process, lines.Reader, output, run);
        _started.Add(started);
        return started;
    }

    /// <summary>
    /// Waits for the exit code. A host that does not end fails the test, with its output and the processes that are left.
    /// </summary>
    private static async Task<int> ExitAsync(Started host, string signal)
    {
        try
        {
            return await host.Process.Exited.WaitAsync(TimeSpan.FromMinutes(2));
        }
        catch (TimeoutException)
        {
            var left = Processes.With(RunVariable, host.Run).Select(p => $"{p.Id} {p.Command}");
            throw new InvalidOperationException(
                $"SIG{signal} did not end it. It said:\n{host.Output}\nThese processes are left:\n{string.Join('\n', left)}");
        }
    }

    private async Task AssertGoneAsync(IReadOnlyList<(int Id, DateTime Start, string Command)> processes)
    {
        while (processes.Any(p => Processes.IsAlive(p.Id, p.Start)))
        {
            await Task.Delay(50, _timeout.Token);
        }
    }

    [GeneratedRegex(@"Login URL:\s+(http://localhost:\d+/login\?t=[0-9a-f]{32})$")]
    private static partial Regex DashboardAddress();

    [GeneratedRegex(@"Chat: (http://localhost:\d+)$")]
    private static partial Regex ChatAddress();

    private sealed record Started(ChildProcess Process, ChannelReader<string> Lines, List<string> Said, string Run)
    {
        public string Output
        {
            get
            {
                lock (Said)
                {
                    return string.Join('\n', Said);
                }
            }
        }

        /// <summary>The first group of the first line from here on that matches.</summary>
        public async Task<string> MatchAsync(Regex wanted, CancellationToken cancellationToken)
        {
            var ended = Process.Exited;
            while (true)
            {
                var next = Lines.WaitToReadAsync(cancellationToken).AsTask();
                if (await Task.WhenAny(next, ended) == ended && !Lines.TryPeek(out _))
                {
                    throw new InvalidOperationException($"It ended with {await ended}: {Output}");
                }

                while (Lines.TryRead(out var line))
                {
                    if (wanted.Match(line) is { Success: true } match)
                    {
                        return match.Groups[1].Value;
                    }
                }
            }
        }
    }
}
