using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Chat.Servers;

/// <summary>
/// The reaper's own process: <c>dotnet Chat.Servers.dll reap</c>. Its parent holds its standard input and writes a line
/// for each child: <c>+pid startTicks</c> when it started, <c>-pid</c> when it ended. The system closes the pipe however
/// the parent dies, also by kill -9; then every child still listed is killed with all below it.
/// </summary>
internal static class ReaperProcess
{
    // The start time is computed from the boot time, which differs a little from process to process.
    private static readonly TimeSpan StartTimeTolerance = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(Stream input)
    {
        // Ctrl+C reaches the whole process group: the reaper must outlive its parent.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => c.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => c.Cancel = true);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => c.Cancel = true);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, c => c.Cancel = true);

        var children = new Dictionary<int, DateTime>();
        using var reader = new StreamReader(input);
        while (await reader.ReadLineAsync() is { } line)
        {
            var parts = line.AsSpan(1);
            var space = parts.IndexOf(' ');
            if (line[0] == '+' && space > 0)
            {
                var ticks = long.Parse(parts[(space + 1)..], CultureInfo.InvariantCulture);
                children[int.Parse(parts[..space], CultureInfo.InvariantCulture)] = new DateTime(ticks, DateTimeKind.Utc);
            }
            else if (line[0] == '-')
            {
                children.Remove(int.Parse(parts, CultureInfo.InvariantCulture));
            }
        }

        foreach (var (id, started) in children)
        {
            Kill(id, started);
        }

        return 0;
    }

    private static void Kill(int id, DateTime started)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            // Another start time: the id was given to somebody else's process meanwhile.
            if ((process.StartTime.ToUniversalTime() - started).Duration() < StartTimeTolerance)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception or AggregateException)
        {
            // Gone already, or partly: there is nobody left to tell.
        }
    }
}
