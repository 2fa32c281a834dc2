using System.ComponentModel;
using Chat.Tests.Manifests;

namespace Chat.Tests.Browser;

/// <summary>Aspire runs the servers as containers; where none can run, what needs them is skipped, as for any missing server.</summary>
internal static class ContainerRuntime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static bool IsNeeded =>
#if USE_ASPIRE
        true;
#else
        false;
#endif

    /// <summary>Whether the engine that Aspire would use answers: the one that is named as Aspire reads it, else Docker or Podman.</summary>
    public static async Task<bool> AnswersAsync()
    {
        var named = Environment.GetEnvironmentVariable("ASPIRE_CONTAINER_RUNTIME") ?? Environment.GetEnvironmentVariable("DOTNET_ASPIRE_CONTAINER_RUNTIME");
        foreach (var program in named is { Length: > 0 } ? [named] : new[] { "docker", "podman" })
        {
            if (await AnswersAsync(program))
            {
                return true;
            }
        }

        return false;
    }

    private static async Task<bool> AnswersAsync(string program)
    {
        try
        {
            // Unlike "version", which the client alone can answer, it needs the engine.
            return (await Commands.RunAsync(program, ["info"], limit: Patience)).Code == 0;
        }
        catch (Exception e) when (e is Win32Exception or TimeoutException)
        {
            return false;
        }
    }
}
