using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Chat.Servers;

/// <summary>
/// Becomes another program, in a process group of its own, keeping the process id. A group must be left before exec, and .NET's
/// Process has no word for it on Unix.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static partial class GroupLeader
{
    private const int NotStarted = 127;

    /// <summary>Returns only when the program cannot be started.</summary>
    public static int Become(string program, string[] arguments)
    {
        _ = SetProcessGroup(0, 0);
        _ = Execute(program, [program, .. arguments, null]);
        Console.Error.WriteLine($"{program} cannot be started: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        return NotStarted;
    }

    [LibraryImport("libc", EntryPoint = "setpgid", SetLastError = true)]
    private static partial int SetProcessGroup(int processId, int group);

    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string file, string?[] arguments);
}
