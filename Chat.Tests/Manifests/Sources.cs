using System.Runtime.CompilerServices;
using Chat.Manifests.Aspire;
using Chat.Servers;

namespace Chat.Tests.Manifests;

/// <summary>What the tests read: the checked-in tree, the manifest of our AppHost, and Aspire's own.</summary>
public static class Sources
{
    private static readonly Lazy<Task<AspireManifest>> Published = new(PublishAsync);

    public static readonly TheoryData<string> Tiers = ["low", "medium", "high"];

    public static string Repository { get; } = Path.GetFullPath(Path.Combine(ThisFolder(), "..", ".."));

    /// <summary>
    /// The AppHost in its own output folder. The copy beside the tests lacks what the ASP.NET Core framework brings, which the tests
    /// refer to and the AppHost does not.
    /// </summary>
    public static string AppHost { get; } = Path.Combine(
        Repository, "Chat.AppHost", Path.GetRelativePath(Path.Combine(Repository, "Chat.Tests"), AppContext.BaseDirectory), "Chat.AppHost.dll");

    public static string Tree { get; } = Path.Combine(Repository, "aspirate-output");

    /// <summary>What Aspire 13.5.2, with the official MongoDB integration, published for a topology shaped like ours.</summary>
    public static AspireManifest Aspire() =>
        AspireManifest.Read(Path.Combine(Repository, "Chat.Tests", "Hosting", "aspire-manifest.json"));

    public static Task<AspireManifest> OursAsync() => Published.Value;

    public static IEnumerable<string> TreeFiles() =>
        Directory.EnumerateFiles(Tree, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    /// <summary>Writes the manifest of our AppHost.</summary>
    public static async Task PublishAsync(string file)
    {
        var (code, output) = await Commands.RunAsync(ProgramFinder.Dotnet(), [AppHost, "--publisher", "manifest", "--output-path", file]);
        Assert.True(code == 0, output);
    }

    private static async Task<AspireManifest> PublishAsync()
    {
        var file = Path.Combine(Path.GetTempPath(), $"chat-manifest-{Guid.NewGuid():N}.json");
        try
        {
            await PublishAsync(file);
            return AspireManifest.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string ThisFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
