using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Chat.Servers;

/// <summary>What .NET's Process cannot send.</summary>
internal static partial class Signals
{
    // SIGTERM is 15 everywhere; STOP and CONT differ between Linux and the BSDs (macOS).
    private static readonly int Stop = OperatingSystem.IsLinux() ? 19 : 17;
    private static readonly int Continue = OperatingSystem.IsLinux() ? 18 : 19;
    private static readonly TimeSpan PauseLimit = TimeSpan.FromSeconds(5);
    private const uint CtrlBreak = 1;

    /// <summary>Asks the process to end: SIGTERM, or Ctrl+Break to its group on Windows. False when it is gone or cannot be asked.</summary>
    public static bool Terminate(int processId) =>
        OperatingSystem.IsWindows() ? GenerateConsoleCtrlEvent(CtrlBreak, (uint)processId) : Kill(processId, 15) == 0;

    [UnsupportedOSPlatform("windows")]
    public static void Pause(int processId)
    {
        Send(processId, Stop);
        if (OperatingSystem.IsLinux())
        {
            // The signal is taken thread by thread: a running one may still answer somebody after kill(2) returned.
            SpinWait.SpinUntil(() => IsPaused(processId), PauseLimit);
        }
    }

    [UnsupportedOSPlatform("windows")]
    public static void Resume(int processId) => Send(processId, Continue);

    /// <summary>Every thread's state in <c>/proc</c> is T, see proc_pid_stat(5); also when the process is gone.</summary>
    private static bool IsPaused(int processId)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{processId}/task").All(thread =>
            {
                var stat = File.ReadAllText(Path.Combine(thread, "stat"));
                return stat.AsSpan(stat.LastIndexOf(')') + 2) is ['T' or 't' or 'Z' or 'X', ..];
            });
        }
        catch (IOException)
        {
            return !Directory.Exists($"/proc/{processId}");
        }
    }

    private static void Send(int processId, int signal)
    {
        if (Kill(processId, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GenerateConsoleCtrlEvent(uint controlEvent, uint processGroupId);
}
