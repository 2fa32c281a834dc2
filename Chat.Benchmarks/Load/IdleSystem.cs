using System.Diagnostics;
using System.Text.RegularExpressions;
using Chat.Benchmarks.Web;
using Chat.Servers;

namespace Chat.Benchmarks.Load;

/// <summary>
/// What the embedded system costs while nobody is connected: the AppHost as a developer starts it, with Aspire's orchestrator and
/// dashboard, after a minute and a half in which it settles (code is compiled, caches fill).
/// </summary>
internal static partial class IdleSystem
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Before that, the runtime is still recompiling (tiered compilation) what is called every few seconds. In the second minute that is
    /// half of the processor time.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(3);

    public static async Task<IReadOnlyList<LoadFigure>> MeasureAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("chat-idle-");
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var folder = Path.Combine(WebSystem.Repository(), "Chat.AppHost");
        await using var host = ChildProcess.Start(new ChildStart(
            ProgramFinder.Dotnet(),
            [Path.Combine(folder, "bin", "Release", "net10.0", "Chat.AppHost.dll"), "--Chat:Backing=embedded", $"--Chat:Data={data.FullName}"])
        {
            WorkingDirectory = folder,
            Environment = new Dictionary<string, string?>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["DOTNET_ENVIRONMENT"] = "Development",
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{FreePort.Next()}",
                ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://127.0.0.1:{FreePort.Next()}",
                ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
            },
            OnLine = line =>
            {
                if (line.Text.Contains("Chat: http", StringComparison.Ordinal))
                {
                    ready.TrySetResult();
                }
            },
        });
        try
        {
            await Task.WhenAny(ready.Task, host.Exited).WaitAsync(StartTimeout, cancellationToken);
            if (host.HasExited)
            {
                throw new InvalidOperationException($"The AppHost ended:{Environment.NewLine}{host.Tail}");
            }

            await Task.Delay(Settling, cancellationToken);
            var before = Times(host.Id);
            var clock = Stopwatch.StartNew();
            await Task.Delay(duration, cancellationToken);
            var after = Times(host.Id);
            var seconds = clock.Elapsed.TotalSeconds;
            const string Scenario = "embedded system, nobody connected";
            var parts = after
                .GroupBy(p => p.Value.Name)
                .Select(g => new LoadFigure(
                    Scenario, $"processor, {g.Key}", "% of a core",
                    g.Sum(p => (p.Value.Time - (before.TryGetValue(p.Key, out var b) ? b.Time : TimeSpan.Zero)).TotalSeconds) / seconds * 100))
                .OrderByDescending(f => f.Value)
                .ToList();
            return [new(Scenario, "processor, all", "% of a core", parts.Sum(p => p.Value)), .. parts];
        }
        finally
        {
            await host.StopAsync(TimeSpan.FromSeconds(30));
            data.Delete(recursive: true);
        }
    }

    private static Dictionary<int, (string Name, TimeSpan Time)> Times(int rootId)
    {
        var times = new Dictionary<int, (string, TimeSpan)>();
        foreach (var id in ProcessTree.Ids(rootId))
        {
            try
            {
                using var process = Process.GetProcessById(id);
                times[id] = (NameOf(id, process), process.TotalProcessorTime);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException)
            {
                // It has ended.
            }
        }

        return times;
    }

    /// <summary>Of a .NET process the assembly it runs.</summary>
    private static string NameOf(int id, Process process) =>
        OperatingSystem.IsLinux() && Assembly().Match(File.ReadAllText($"/proc/{id}/cmdline")) is { Success: true } match
            ? match.Groups[1].Value
            : process.ProcessName;

    [GeneratedRegex(@"([\w.-]+)\.dll")]
    private static partial Regex Assembly();
}
