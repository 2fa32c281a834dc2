using System.Diagnostics;
using System.Globalization;

namespace Chat.Servers;

/// <summary>
/// Leaves no orphans: one watching process a parent, started with the first child, that kills what is left when the
/// parent dies, however it dies (<see cref="ReaperProcess"/>). <see cref="ChildProcess"/> uses it by itself.
/// </summary>
public static class Reaper
{
    private static readonly Lock Gate = new();
    private static Process? _process;

    /// <summary>From now on the process, with all below it, dies with this one.</summary>
    public static void Watch(int processId, DateTime startTime) =>
        Tell(string.Create(CultureInfo.InvariantCulture, $"+{processId} {startTime.ToUniversalTime().Ticks}"), start: true);

    /// <summary>It ended, or may outlive this process.</summary>
    public static void Forget(int processId) => Tell(string.Create(CultureInfo.InvariantCulture, $"-{processId}"), start: false);

    private static void Tell(string line, bool start)
    {
        lock (Gate)
        {
            if (_process is null or { HasExited: true })
            {
                if (!start)
                {
                    return;
                }

                _process = Start();
            }

            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }
    }

    private static Process Start()
    {
        var process = Process.Start(new ProcessStartInfo(ProgramFinder.Dotnet(), [typeof(Reaper).Assembly.Location, "reap"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            // Its own pipes, so that it never holds open what somebody reads from this process.
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_gcServer"] = "0", ["DOTNET_TieredPGO"] = "0" },
        }) ?? throw new InvalidOperationException("The reaper did not start.");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
