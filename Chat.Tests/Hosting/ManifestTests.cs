using System.Text.Json.Nodes;
using Aspire.Hosting;
using Microsoft.Extensions.Hosting;

namespace Chat.Tests.Hosting;

public sealed class ManifestTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-manifest-").FullName;

    [Fact]
    public async Task The_manifest_of_the_reference_topology_equals_Aspires_own_to_the_byte()
    {
        WriteProject("Api", "https://localhost:7101;http://localhost:5101");
        WriteProject("Worker", null);
        WriteProject("Web", "https://localhost:7102;http://localhost:5102");
        var file = Path.Combine(_folder, "manifest.json");
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--publisher", "manifest", "--output-path", file],
            ProjectName = "AppHost",
            ProjectDirectory = _folder,
        });
        var cache = builder.AddRedis("cache").WithDataVolume();
        var messaging = builder.AddRabbitMQ("messaging").WithManagementPlugin().WithDataVolume();
        var chatdb = builder.AddMongoDB("mongo").WithDataVolume().AddDatabase("chatdb");
        var api = builder.AddProject("api", "sample/Api/Api.csproj")
            .WithReference(cache).WithReference(messaging).WithReference(chatdb)
            .WaitFor(cache).WithReplicas(2).WithHttpHealthCheck("/health").WithEnvironment("SAMPLE__SETTING", "value");
        builder.AddProject("worker", "sample/Worker/Worker.csproj").WithReference(messaging).WithReference(chatdb);
        builder.AddProject("web", "sample/Web/Web.csproj").WithReference(api).WithReference(cache).WithExternalHttpEndpoints();

        await PublishAsync(builder);

        // The reference was stored without a final line break.
        var expected = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Hosting", "aspire-manifest.json"));
        Assert.Equal(expected.ReplaceLineEndings("\n").TrimEnd(), (await File.ReadAllTextAsync(file)).TrimEnd());
    }

    [Fact]
    public async Task The_AppHosts_own_manifest_has_every_resource_no_secret_and_is_the_same_each_time()
    {
        var first = await PublishOwnAsync("first.json");
        var second = await PublishOwnAsync("second.json");

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
        Assert.False(Directory.Exists(Path.Combine(_folder, ".chat")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> PublishOwnAsync(string name)
    {
        var file = Path.Combine(_folder, name);
        await using var builder = await Aspire.Hosting.Testing.DistributedApplicationTestingBuilder.CreateAsync<Projects.Chat_AppHost>(
            ["--publisher", "manifest", "--output-path", file, $"--Chat:Data={Path.Combine(_folder, ".chat")}"]);
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        await app.WaitForShutdownAsync(new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token);
        return await File.ReadAllTextAsync(file);
    }

    private static async Task PublishAsync(IDistributedApplicationBuilder builder)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await using var app = builder.Build();
        await app.RunAsync(timeout.Token);
    }

    private void WriteProject(string name, string? urls)
    {
        var properties = Directory.CreateDirectory(Path.Combine(_folder, "sample", name, "Properties")).FullName;
        var profile = new JsonObject { ["commandName"] = "Project", ["applicationUrl"] = urls };
        File.WriteAllText(Path.Combine(properties, "launchSettings.json"),
            new JsonObject { ["profiles"] = new JsonObject { ["https"] = profile } }.ToJsonString());
    }
}
