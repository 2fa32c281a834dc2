using System.Diagnostics;
using System.Globalization;

namespace Chat.Benchmarks.Load;

/// <summary>Processor time of a process and of everything below it: servers start through wrappers.</summary>
internal static class ProcessTree
{
    /// <summary>User and system time so far. Only Linux tells the processes below; elsewhere it is the process alone.</summary>
    public static TimeSpan ProcessorTime(int rootId)
    {
        var total = TimeSpan.Zero;
        foreach (var id in Ids(rootId))
        {
            try
            {
                using var process = Process.GetProcessById(id);
                total += process.TotalProcessorTime;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended.
            }
        }

        return total;
    }

    /// <summary>
    /// The process, all below it, and all that were told to end with it (<c>--monitor ID</c>): Aspire's orchestrator runs on its own.
    /// </summary>
    public static IReadOnlyList<int> Ids(int rootId)
    {
        if (!OperatingSystem.IsLinux())
        {
            return [rootId];
        }

        var children = Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Select(id => (Id: id, Parent: ParentOf(id)))
            .ToLookup(p => p.Parent, p => p.Id);
        var monitors = children.SelectMany(c => c).ToLookup(MonitoredBy, id => id);
        var found = new List<int> { rootId };
        for (var i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i]].Concat(monitors[found[i]]).Except(found));
        }

        return found;
    }

    private static int MonitoredBy(int id)
    {
        var monitored = Read(id, "cmdline").Split('\0').SkipWhile(a => a != "--monitor").Skip(1).FirstOrDefault();
        return int.TryParse(monitored, CultureInfo.InvariantCulture, out var monitor) ? monitor : 0;
    }

    /// <summary>The fourth field of /proc/PID/stat (proc(5)); the second, the name, may contain spaces and parentheses.</summary>
    private static int ParentOf(int id)
    {
        var stat = Read(id, "stat");
        return stat.Length == 0 ? 0 : int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>A file of /proc; empty where the process has ended or belongs to somebody else.</summary>
    private static string Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
