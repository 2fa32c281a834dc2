using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Chat.Tests.Hosting;

/// <summary>Looks at other processes, for tests of what is left behind. Linux only: <see cref="Below"/> reads /proc.</summary>
internal static class Processes
{
    public static IReadOnlyList<(int Id, DateTime Start, string Command)> Below(int parent)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        var found = new List<(int, DateTime, string)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Read(id) is { } process && process.Parent == parent)
            {
                found.Add((id, process.Start, process.Command));
                found.AddRange(Below(id));
            }
        }

        return found;
    }

    public static bool IsAlive(int id, DateTime start)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited && (process.StartTime - start).Duration() < TimeSpan.FromSeconds(1);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return false;
        }
    }

    public static int Group(int id)
    {
        var stat = File.ReadAllText($"/proc/{id}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[2], CultureInfo.InvariantCulture);
    }

    private static (int Parent, DateTime Start, string Command)? Read(int id)
    {
        try
        {
            // pid (name) state parent …: the name may hold anything, so from its end.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var parent = int.Parse(stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
            using var process = Process.GetProcessById(id);
            return (parent, process.StartTime, File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' '));
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or UnauthorizedAccessException)
        {
            // Gone meanwhile.
            return null;
        }
    }
}
