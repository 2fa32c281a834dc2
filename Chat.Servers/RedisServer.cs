using System.Globalization;

namespace Chat.Servers;

/// <summary>redis-server of the machine. Persistent: every write is appended to a file before it is answered.</summary>
public sealed class RedisServer(string program, LocalServerOptions? options = null) : LocalServer("redis", options ?? new LocalServerOptions())
{
    /// <summary>Null where it is not installed.</summary>
    public static string? FindProgram() => ProgramFinder.Find("redis-server", "CHAT_REDIS_SERVER");

    public override string ConnectionString => Options.Password is { } password ? $"127.0.0.1:{Port},password={password}" : $"127.0.0.1:{Port}";

    /// <summary>More settings of redis.conf, name and value.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];

    protected override ChildStart Command()
    {
        var settings = new List<(string Name, string Value)>
        {
            ("bind", "127.0.0.1"),
            ("port", Port.ToString(CultureInfo.InvariantCulture)),
            ("dir", Directory),
            ("daemonize", "no"),
            ("save", "\"\""),
            ("appendonly", Options.Persistent ? "yes" : "no"),
            ("appendfsync", "everysec"),
        };
        if (Options.Password is { } password)
        {
            settings.Add(("requirepass", password));
            settings.Add(("masterauth", password));
        }

        // A file, not arguments: those are in the process list for everybody.
        var file = Path.Combine(Directory, "redis.conf");
        File.WriteAllLines(file, settings.Concat(Settings).Select(s => $"{s.Name} {(s.Name == "dir" ? $"\"{s.Value.Replace("\\", "\\\\", StringComparison.Ordinal)}\"" : s.Value)}"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return new ChildStart(program, [file]) { WorkingDirectory = Directory };
    }

    protected override Task<string> ProbeAsync(CancellationToken cancellationToken) =>
        RedisProbe.ReadVersionAsync(ConnectionString, "redis_version", cancellationToken);
}
