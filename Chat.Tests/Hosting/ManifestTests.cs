using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chat.Tests.Manifests;

namespace Chat.Tests.Hosting;

public sealed partial class ManifestTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-manifest-").FullName;

    [Fact]
    public async Task The_AppHosts_manifest_has_every_resource_no_secret_and_is_the_same_each_time()
    {
        var first = await PublishAsync("first.json");
        var second = await PublishAsync("second.json");

        Assert.Equal(first, second);
        var resources = JsonNode.Parse(first)!["resources"]!.AsObject();
        Assert.Equal(
            ["cache", "messaging", "mongo", "chatdb", "api", "worker", "web", "cache-password", "cache-password-uri-encoded",
                "messaging-password", "messaging-password-uri-encoded", "mongo-password", "mongo-password-uri-encoded",
                "cond-cache-bindings-tcp-tlsenabled-3eddb73a"],
            resources.Select(r => r.Key));
        Assert.Equal("{cache-password.inputs.value}", (string?)resources["cache-password"]!["value"]);
        Assert.True((bool)resources["cache-password"]!["inputs"]!["value"]!["secret"]!);
        Assert.EndsWith("Chat.Api/Chat.Api.csproj", (string?)resources["api"]!["path"]);
        Assert.True((bool)resources["web"]!["bindings"]!["http"]!["external"]!);
    }

    [Theory]
    [InlineData("mongo")]
    [InlineData("chatdb")]
    [InlineData("mongo-password")]
    [InlineData("mongo-password-uri-encoded")]
    public async Task MongoDBs_part_of_the_manifest_equals_what_the_official_integration_published(string resource)
    {
        var official = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Hosting", "aspire-manifest.json")));

        var ours = JsonNode.Parse(await PublishAsync("ours.json"));

        Assert.Equal(WithoutVolumeName(official!["resources"]![resource]!), WithoutVolumeName(ours!["resources"]![resource]!));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The volume's name begins with the AppHost's name and a hash of its path.
    private static string WithoutVolumeName(JsonNode resource) => VolumeName().Replace(resource.ToJsonString(), "\"VOLUME-mongo-data\"");

    private async Task<string> PublishAsync(string name)
    {
        var file = Path.Combine(_folder, name);
        await Sources.PublishAsync(file);
        return await File.ReadAllTextAsync(file);
    }

    [GeneratedRegex("\"[a-z.]+-[0-9a-f]{10}-mongo-data\"")]
    private static partial Regex VolumeName();
}
