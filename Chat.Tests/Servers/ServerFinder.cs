using System.Runtime.CompilerServices;
using Chat.Servers;

namespace Chat.Tests.Servers;

/// <summary>
/// The servers that tests run against: what an environment variable names, then the PATH, then the folder that
/// <c>CHAT_SHARED_BIN</c> names or <c>shared/bin</c> beside the repository.
/// </summary>
public static class ServerFinder
{
    public static string? Redis { get; } = RedisServer.FindProgram();

    public static string? Garnet { get; } = GarnetServer.FindProgram();

    public static string? RabbitMq { get; } = RabbitMqServer.FindProgram();

    public static string? Mongo { get; } = MongoServer.FindProgram(SharedBin());

    public static string? Toxiproxy { get; } = ToxiproxyServer.FindProgram(SharedBin());

    /// <summary>A connection string to a MongoDB that the caller provides; goes before <see cref="Mongo"/>.</summary>
    public static string? MongoConnectionString { get; } = Environment.GetEnvironmentVariable("CHAT_TEST_MONGODB") is { Length: > 0 } c ? c : null;

    /// <summary>A program of the shared folder, for example <c>kubesim</c>; null when it is not there.</summary>
    public static string? InSharedBin(string program) =>
        SharedBin().Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static string[] SharedBin([CallerFilePath] string thisFile = "")
    {
        var repository = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
        string?[] folders =
        [
            Environment.GetEnvironmentVariable("CHAT_SHARED_BIN"),
            Path.Combine(Path.GetDirectoryName(repository)!, "shared", "bin"),
        ];
        return [.. folders.OfType<string>().Where(f => f.Length > 0)];
    }
}
