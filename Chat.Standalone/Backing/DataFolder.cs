using System.Diagnostics;
using System.Text.Json;
using Aspire.Hosting;
using Chat.Standalone.Running;

namespace Chat.Standalone.Backing;

/// <summary>
/// Where everything is kept that outlives a run: <c>.chat/</c> beside the AppHost, or what <c>Chat:Data</c> names. One AppHost at a
/// time: the lock file is held while it runs, and the system lets go of it however it ends.
/// </summary>
internal sealed class DataFolder(string path) : IDisposable
{
    public const string Key = "Chat:Data";
    private static readonly Lock Gate = new();
    private FileStream? _lock;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public static DataFolder Of(IDistributedApplicationBuilder builder) =>
        new(System.IO.Path.GetFullPath(builder.Configuration[Key] ?? ".chat", builder.AppHostDirectory));

    public string Folder(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <exception cref="CannotRunException">Another AppHost has it.</exception>
    public void Lock()
    {
        Directory.CreateDirectory(Path);
        try
        {
            _lock = new FileStream(File("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new CannotRunException(
                $"Another AppHost{Holder()} is running with the data in '{Path}'. Stop it, or give this one its own: --{Key} FOLDER");
        }

        System.IO.File.WriteAllText(File("owner"), $"{Environment.ProcessId}");
    }

    /// <summary>A generated secret: made the first time, the same from then on, since the servers' data knows it.</summary>
    public string Secret(string name, Func<string> generate)
    {
        lock (Gate)
        {
            var file = File("secrets.json");
            var secrets = System.IO.File.Exists(file)
                ? JsonSerializer.Deserialize<Dictionary<string, string>>(System.IO.File.ReadAllText(file))!
                : [];
            if (secrets.TryGetValue(name, out var known))
            {
                return known;
            }

            var made = secrets[name] = generate();
            Directory.CreateDirectory(Path);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var stream = new FileStream(file, options);
            JsonSerializer.Serialize(stream, secrets);
            return made;
        }
    }

    public void Dispose()
    {
        if (_lock is not null)
        {
            System.IO.File.Delete(File("owner"));
            _lock.Dispose();
            _lock = null;
        }
    }

    private string Holder()
    {
        try
        {
            var id = int.Parse(System.IO.File.ReadAllText(File("owner")), System.Globalization.CultureInfo.InvariantCulture);
            using var process = Process.GetProcessById(id);
            return $" (process {id})";
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            return "";
        }
    }
}
