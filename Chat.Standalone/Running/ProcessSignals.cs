using Chat.Servers;

namespace Chat.Standalone.Running;

internal static class ProcessSignals
{
    public static void Pause(ChildProcess? child)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no SIGSTOP.");
        }

        child?.Pause();
    }

    public static void Resume(ChildProcess? child)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no SIGCONT.");
        }

        child?.Resume();
    }
}
