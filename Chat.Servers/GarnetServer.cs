using System.Reflection;
using System.Text.Json.Nodes;

namespace Chat.Servers;

/// <summary>
/// Garnet, Microsoft's server for Redis' protocol, which the build restores from NuGet: it runs wherever .NET runs.
/// Scripts run as transactions (<c>--lua-transaction-mode</c>), so that they are as atomic as in Redis.
/// </summary>
public sealed class GarnetServer(string assembly, LocalServerOptions? options = null) : LocalServer("garnet", options ?? new LocalServerOptions())
{
    public override string ConnectionString => Options.Password is { } password ? $"127.0.0.1:{Port},password={password}" : $"127.0.0.1:{Port}";

    /// <summary>GarnetServer.dll beside this assembly (published), or where the build restored it; null when it is in neither place.</summary>
    public static string? FindProgram()
    {
        var restored = typeof(GarnetServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(a => a.Key == "GarnetServer")?.Value;
        string?[] candidates = [Path.Combine(AppContext.BaseDirectory, "garnet", "GarnetServer.dll"), restored];
        return candidates.FirstOrDefault(File.Exists);
    }

    protected override ChildStart Command()
    {
        var settings = new JsonObject
        {
            ["Address"] = "127.0.0.1",
            ["Port"] = Port,
            ["EnableLua"] = true,
            ["LuaTransactionMode"] = true,
            // Defaults are for a machine of its own: 16 GB of log, 128 MB of index.
            ["LogMemorySize"] = "256m",
            ["PageSize"] = "4m",
            ["IndexMemorySize"] = "16m",
            ["CheckpointDir"] = Directory,
            // The native device needs libaio, which is not everywhere.
            ["DeviceType"] = "RandomAccess",
        };
        if (Options.Password is { } password)
        {
            settings["AuthenticationMode"] = "Password";
            settings["Password"] = password;
        }

        if (Options.Persistent)
        {
            settings["EnableAOF"] = true;
            settings["Recover"] = true;
            settings["CommitFrequencyMs"] = 100;
            settings["AofMemorySize"] = "64m";
            settings["AofPageSize"] = "8m";
        }

        // A file, not arguments: those are in the process list for everybody.
        var file = Path.Combine(Directory, "garnet.conf");
        File.WriteAllText(file, settings.ToJsonString());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return new ChildStart(ProgramFinder.Dotnet(), [assembly, "--config-import-path", file])
        {
            WorkingDirectory = Directory,
            // Its own settings ask for the server garbage collector, which takes a heap per core.
            Environment = new Dictionary<string, string?> { ["DOTNET_gcServer"] = "0" },
        };
    }

    protected override Task<string> ProbeAsync(CancellationToken cancellationToken) =>
        RedisProbe.ReadVersionAsync(ConnectionString, "garnet_version", cancellationToken);
}
