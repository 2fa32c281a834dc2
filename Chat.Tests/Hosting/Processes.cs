using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Chat.Tests.Hosting;

/// <summary>Looks at other processes, for tests of what is left behind. Linux only: <see cref="With"/> reads /proc.</summary>
internal static class Processes
{
    /// <summary>All processes that have an environment variable with this value, except those that are ending.</summary>
    public static IReadOnlyList<(int Id, DateTime Start, string Command)> With(string variable, string value)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        var found = new List<(int, DateTime, string)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Read(id, $"{variable}={value}") is { } process)
            {
                found.Add((id, process.Start, process.Command));
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

    private static (DateTime Start, string Command)? Read(int id, string variable)
    {
        try
        {
            if (!File.ReadAllText($"/proc/{id}/environ").Split('\0').Contains(variable))
            {
                return null;
            }

            using var process = Process.GetProcessById(id);
            return (process.StartTime, File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' '));
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or UnauthorizedAccessException)
        {
            // It has ended, or belongs to somebody else.
            return null;
        }
    }
}
