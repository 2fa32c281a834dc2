using System.Diagnostics;
using System.Globalization;

namespace Chat.Hosting.Backing;

/// <summary>
/// The folder that holds what outlives a run: <c>.chat</c> beside the AppHost, or what <c>Chat:Data</c> names. Only one AppHost can use
/// it at a time. The operating system releases the lock, however the process ends.
/// </summary>
/// <param name="path">The folder's full path.</param>
internal sealed class DataFolder(string path) : IDisposable
{
    public const string Key = "Chat:Data";
    private FileStream? _lock;

    public string Path => path;

    /// <summary>A folder in it, which is created if necessary.</summary>
    public string Folder(string name) => Directory.CreateDirectory(System.IO.Path.Combine(path, name)).FullName;

    public string File(string name) => System.IO.Path.Combine(path, name);

    /// <exception cref="BackingUnavailableException">Another AppHost uses the folder, or it cannot be written.</exception>
    public void Lock()
    {
        try
        {
            Directory.CreateDirectory(path);
            _lock = new FileStream(File("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            System.IO.File.WriteAllText(File("owner"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException && !Directory.Exists(path)))
        {
            throw new BackingUnavailableException(
                $"The data folder '{path}' cannot be written: {e.Message} Choose another one: --{Key} FOLDER");
        }
        catch (IOException) when (_lock is null)
        {
            throw new BackingUnavailableException(
                $"Another AppHost{Owner()} uses the data folder '{path}'. Stop it, or give this one a folder of its own: --{Key} FOLDER");
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

    private string Owner()
    {
        try
        {
            using var process = Process.GetProcessById(int.Parse(System.IO.File.ReadAllText(File("owner")), CultureInfo.InvariantCulture));
            return $" (process {process.Id})";
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
