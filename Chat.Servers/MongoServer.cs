using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Servers;

/// <summary>
/// mongod, or ferretdb (the same protocol over SQLite), whichever the program is. Persistent or not, its data stays in its folder.
/// </summary>
public sealed class MongoServer(string program, LocalServerOptions? options = null) : LocalServer("mongo", options ?? new LocalServerOptions())
{
    private readonly bool _isFerret = Path.GetFileNameWithoutExtension(program).StartsWith("ferret", StringComparison.OrdinalIgnoreCase);

    public override string ConnectionString => $"mongodb://127.0.0.1:{Port}/";

    /// <summary>mongod, else ferretdb on the PATH or in one of the folders; null: neither.</summary>
    public static string? FindProgram(params string[] moreFolders) =>
        ProgramFinder.Find("mongod", "CHAT_MONGOD") ?? ProgramFinder.Find("ferretdb", null, moreFolders);

    protected override ChildStart Command()
    {
        var data = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "data")).FullName;
        var port = Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return _isFerret
            ? new ChildStart(program, ["--listen", $"127.0.0.1:{port}", "--data", data]) { WorkingDirectory = Directory }
            : new ChildStart(program, ["--bind_ip", "127.0.0.1", "--port", port, "--dbpath", data, "--nounixsocket", "--quiet"]) { WorkingDirectory = Directory };
    }

    protected override async Task<string> ProbeAsync(CancellationToken cancellationToken)
    {
        using var client = new MongoClient(ConnectionString);
        var info = await client.GetDatabase("admin")
            .RunCommandAsync<BsonDocument>(new BsonDocument("buildInfo", 1), cancellationToken: cancellationToken);
        return info["version"].AsString;
    }
}
