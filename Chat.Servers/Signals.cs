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
    private const uint CtrlBreak = 1;

    /// <summary>Asks the process to end: SIGTERM, or Ctrl+Break to its group on Windows. False when it is gone or cannot be asked.</summary>
    public static bool Terminate(int processId) =>
        OperatingSystem.IsWindows() ? GenerateConsoleCtrlEvent(CtrlBreak, (uint)processId) : Kill(processId, 15) == 0;

    [UnsupportedOSPlatform("windows")]
    public static void Pause(int processId) => Send(processId, Stop);

    [UnsupportedOSPlatform("windows")]
    public static void Resume(int processId) => Send(processId, Continue);

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
