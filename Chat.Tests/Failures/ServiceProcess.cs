using System.Text.Json;
using Chat.Servers;

namespace Chat.Tests.Failures;

/// <summary>One process of the product, started as the AppHost would start it, on an address that it keeps over restarts.</summary>
internal sealed class ServiceProcess(string name, string assembly, IReadOnlyDictionary<string, string?> environment) : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);
    private readonly int _port = FreePort.Next();
    private ChildProcess? _child;

    public string Name => name;

    public Uri Address => new($"http://127.0.0.1:{_port}");

    public bool IsRunning => _child is { HasExited: false };

    /// <summary>The last lines of every life it had, for the report of a failure.</summary>
    public string Tail => _child?.Tail ?? "";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var variables = new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = Address.ToString(),
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["Logging__LogLevel__Default"] = "Warning",
        };
        foreach (var (variable, value) in environment)
        {
            variables[variable] = value;
        }

        _child = ChildProcess.Start(new ChildStart(ProgramFinder.Dotnet(), [Path.Combine(AppContext.BaseDirectory, assembly)])
        {
            Environment = variables,
        });
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!await AnswersAsync(http, "/alive", cancellationToken))
        {
            if (_child.HasExited || clock.Elapsed > StartTimeout)
            {
                throw new InvalidOperationException($"{name} did not start:{Environment.NewLine}{_child.Tail}");
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>Waits until it says that it is ready to serve, which is when the next one of a rolling restart is stopped.</summary>
    public Task UntilReadyAsync(CancellationToken cancellationToken) =>
        UntilAsync("ready", http => AnswersAsync(http, "/health", cancellationToken), cancellationToken);

    /// <summary>
    /// Waits until every part that it needs answers it. Before that it serves as well, but in other ways: the API saves into the archive
    /// what the queue cannot take yet.
    /// </summary>
    public Task UntilHealthyAsync(CancellationToken cancellationToken) =>
        UntilAsync("healthy", http => AnswersAsync(http, "/health", cancellationToken, IsHealthy), cancellationToken);

    /// <summary>SIGTERM, with the time that a pod gets, from which its waiting for the ingress is taken.</summary>
    public Task StopAsync() => _child?.StopAsync(TimeSpan.FromSeconds(50)) ?? Task.CompletedTask;

    /// <summary>How the last life ended.</summary>
    public Task<int> Exited => _child?.Exited ?? throw new InvalidOperationException($"{name} was not started.");

    public Task KillAsync() => _child?.KillAsync() ?? Task.CompletedTask;

    public void Pause()
    {
        if (!OperatingSystem.IsWindows())
        {
            _child?.Pause();
        }
    }

    public void Resume()
    {
        if (!OperatingSystem.IsWindows())
        {
            _child?.Resume();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_child is not null)
        {
            await _child.KillAsync();
            await _child.DisposeAsync();
        }
    }

    private static bool IsHealthy(string health)
    {
        using var json = JsonDocument.Parse(health);
        return json.RootElement.GetProperty("status").GetString() == "Healthy";
    }

    private async Task UntilAsync(string state, Func<HttpClient, Task<bool>> isReached, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!await isReached(http))
        {
            Assert.True(clock.Elapsed < StartTimeout, $"{name} is not {state} within {StartTimeout}:{Environment.NewLine}{Tail}");
            await Task.Delay(100, cancellationToken);
        }
    }

    private async Task<bool> AnswersAsync(
        HttpClient http, string path, CancellationToken cancellationToken, Func<string, bool>? accepts = null)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(Address, path), cancellationToken);
            return answer.IsSuccessStatusCode
                && (accepts is null || accepts(await answer.Content.ReadAsStringAsync(cancellationToken)));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
