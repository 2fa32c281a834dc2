using Chat.Tests.Manifests;
using Chat.Tests.Servers;

namespace Chat.Tests.Hosting;

/// <summary>
/// A podman that can start containers, with images under the names that Aspire asks for. The shared tool <c>containers</c> sets both
/// up. Without it, tests that need containers are skipped.
/// </summary>
public sealed class PodmanFixture : IAsyncLifetime
{
    private static readonly (string Kind, string Name)[] Images =
        [("redis", "docker.io/library/redis:8.6"), ("rabbitmq", "docker.io/library/rabbitmq:4.3-management")];

    private readonly string _folder = Directory.CreateTempSubdirectory("chat-containers-").FullName;
    private readonly Dictionary<string, string?> _before = [];

    public string? Missing { get; private set; }

    /// <summary>Podman's output, line by line.</summary>
    public static async Task<string[]> PodmanAsync(params string[] arguments)
    {
        var (code, output) = await Commands.RunAsync("podman", arguments);
        Assert.True(code == 0, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    public async ValueTask InitializeAsync()
    {
        if (ServerFinder.InSharedBin("containers") is not { } tool)
        {
            Missing = "The tool 'containers' is not here.";
            return;
        }

        foreach (var line in await ToolAsync(tool, "env", _folder))
        {
            if (line.StartsWith("export ", StringComparison.Ordinal) && line["export ".Length..].Split('=', 2) is [var name, var value])
            {
                _before[name] = Environment.GetEnvironmentVariable(name);
                Environment.SetEnvironmentVariable(name, value);
            }
        }

        foreach (var (kind, image) in Images)
        {
            if ((await Commands.RunAsync("podman", ["image", "exists", image])).Code != 0)
            {
                await ToolAsync(tool, "image", kind, image);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var (name, value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task<string[]> ToolAsync(string tool, params string[] arguments)
    {
        var (code, output) = await Commands.RunAsync("bash", [tool, .. arguments]);
        Assert.True(code == 0, output);
        return output.Split('\n');
    }
}
