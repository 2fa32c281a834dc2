using Aspire.Hosting;

namespace Chat.Hosting.Backing;

/// <summary>The system cannot run as configuration asks. The message names the setting and the way out, and needs no stack trace.</summary>
/// <param name="message">The message.</param>
internal sealed class BackingUnavailableException(string message) : DistributedApplicationException(message)
{
    private static int _reported;

    /// <summary>From now on, this exception ends the process with exit code 1 and its message alone on standard error.</summary>
    public static void ReportWithoutStackTrace()
    {
        if (Interlocked.Exchange(ref _reported, 1) == 0)
        {
            AppDomain.CurrentDomain.UnhandledException += static (_, e) =>
            {
                if ((e.ExceptionObject as Exception)?.GetBaseException() is BackingUnavailableException refusal)
                {
                    Console.Error.WriteLine(refusal.Message);
                    Environment.Exit(1);
                }
            };
        }
    }
}
