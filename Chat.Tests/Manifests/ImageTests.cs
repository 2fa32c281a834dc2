using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chat.Manifests;
using Chat.Manifests.Commands;
using Chat.Servers;

namespace Chat.Tests.Manifests;

/// <summary>
/// The command that makes the images, run once for all three: as archives, without a container engine, on a stand-in for the
/// base image, whose real registry a test need not reach.
/// </summary>
public sealed class BuiltImages : IAsyncLifetime
{
    public const string Tag = "9.8.7";

    public string Folder { get; } = Directory.CreateTempSubdirectory("chat-images-").FullName;

    public async ValueTask InitializeAsync()
    {
        await using var registry = await BaseImageRegistry.StartAsync();
        var manifest = Path.Combine(Folder, "aspire-manifest.json");
        await Sources.PublishAsync(manifest);
        var (code, output) = await Commands.RunAsync(
            ProgramFinder.Dotnet(),
            [
                Path.Combine(AppContext.BaseDirectory, "Chat.Manifests.dll"), "build-images", "--manifest", manifest, "--archives", Folder,
                "--tag", Tag, "--base-image", registry.Image,
            ],
            new Dictionary<string, string?> { ["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = registry.Host },
            limit: TimeSpan.FromMinutes(10));
        Assert.True(code == 0, output);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>What is in the images that the SDK builds.</summary>
[Collection(AloneCollection.Name)]
public sealed class ImageTests(BuiltImages images) : IClassFixture<BuiltImages>
{
    public static TheoryData<string> Projects => ["Api", "Worker", "Web"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_image_is_built_as_an_archive_that_runs_without_rights_on_port_8080(string project)
    {
        var name = $"chat-{project.ToLowerInvariant()}";
        var files = ReadTar(Path.Combine(images.Folder, $"{name}.tar.gz"));
        var manifest = JsonDocument.Parse(files["manifest.json"]).RootElement[0];
        Assert.Equal($"{name}:{BuiltImages.Tag}", manifest.GetProperty("RepoTags")[0].GetString());
        var config = JsonDocument.Parse(files[manifest.GetProperty("Config").GetString()!]).RootElement.GetProperty("config");
        Assert.Equal("1654", config.GetProperty("User").GetString());
        Assert.Equal(["8080/tcp"], config.GetProperty("ExposedPorts").EnumerateObject().Select(p => p.Name));
        Assert.Equal("/app", config.GetProperty("WorkingDir").GetString()!.TrimEnd('/'));
        Assert.Equal(["dotnet", $"/app/Chat.{project}.dll"], config.GetProperty("Entrypoint").EnumerateArray().Select(e => e.GetString()));

        var app = Application(files, manifest);
        Assert.Contains($"Chat.{project}.dll", app);
        Assert.Contains($"Chat.{project}.runtimeconfig.json", app);
        Assert.DoesNotContain(app, path => Path.GetFileName(path) is "Dockerfile" || path.EndsWith(".cs", StringComparison.Ordinal));
    }

    [Fact]
    public void The_image_of_the_pages_has_the_client_that_the_browser_loads()
    {
        var files = ReadTar(Path.Combine(images.Folder, "chat-web.tar.gz"));
        var app = Application(files, JsonDocument.Parse(files["manifest.json"]).RootElement[0]);

        Assert.All(
            new[] { @"blazor\.webassembly(\.\w+)?\.js", @"dotnet\.native\.\w+\.wasm", @"Chat\.Web\.Client\.\w+\.wasm", @"Chat\.Contracts\.\w+\.wasm" },
            wanted => Assert.Contains(app, path => Regex.IsMatch(path, $"^wwwroot/_framework/{wanted}$")));
        Assert.Contains(app, path => Regex.IsMatch(path, @"^wwwroot/_framework/Chat\.Web\.Client\.\w+\.wasm\.br$"));
    }

    [Fact]
    public void What_a_browser_loads_at_its_first_visit_is_at_most_three_megabytes_compressed()
    {
        var files = ReadTar(Path.Combine(images.Folder, "chat-web.tar.gz"));
        var manifest = JsonDocument.Parse(files["manifest.json"]).RootElement[0];
        var layer = ReadTar(files[manifest.GetProperty("Layers").EnumerateArray().Last().GetString()!]);

        // Everything that is published for the browser, though no browser takes all of it.
        var compressed = layer.Where(f => f.Key.Contains("/wwwroot/", StringComparison.Ordinal) && f.Key.EndsWith(".br", StringComparison.Ordinal)).ToList();
        Assert.Contains(compressed, f => f.Key.Contains("/_framework/dotnet.native.", StringComparison.Ordinal));
        var bytes = compressed.Sum(f => (long)f.Value.Length);
        Assert.True(bytes <= 3_000_000, $"{bytes:N0} bytes");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public async Task Without_being_told_an_image_is_chiseled_and_tagged_with_the_version_that_the_manifests_name(string project)
    {
        var (code, output) = await Commands.RunAsync(ProgramFinder.Dotnet(),
        [
            "msbuild", Path.Combine(Sources.Repository, $"Chat.{project}"), "-nologo", "-t:ComputeContainerBaseImage",
            "-getProperty:ContainerBaseImage", "-getProperty:ContainerImageTag",
        ]);

        Assert.True(code == 0, output);
        var properties = JsonDocument.Parse(output).RootElement.GetProperty("Properties");
        Assert.Equal("mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled", properties.GetProperty("ContainerBaseImage").GetString());
        Assert.Equal(new GeneratorOptions().Tag, properties.GetProperty("ContainerImageTag").GetString());
    }

    [Fact]
    public void A_registrys_path_becomes_part_of_the_images_name()
    {
        var arguments = BuildImagesCommand.Arguments("api", "Chat.Api", "1.2", push: "r.example.com/team/chat", archives: null, baseImage: null);
        Assert.Contains("-p:ContainerRegistry=r.example.com", arguments);
        Assert.Contains("-p:ContainerRepository=team/chat/chat-api", arguments);
        Assert.Equal("r.example.com/team/chat/chat-api:1.2", new GeneratorOptions { Registry = "r.example.com/team/chat", Tag = "1.2" }.Image("api"));
        Assert.Throws<ManifestException>(() => BuildImagesCommand.Arguments("api", "Chat.Api", "1.2", push: null, archives: null, baseImage: null));
    }

    /// <summary>The files below <c>/app</c>, in the layer that the SDK added.</summary>
    private static List<string> Application(Dictionary<string, byte[]> files, JsonElement manifest) =>
        [.. ReadTar(files[manifest.GetProperty("Layers").EnumerateArray().Last().GetString()!]).Keys
            .Select(path => path.TrimStart('.', '/'))
            .Where(path => path.StartsWith("app/", StringComparison.Ordinal))
            .Select(path => path["app/".Length..])];

    private static Dictionary<string, byte[]> ReadTar(string file) => ReadTar(File.ReadAllBytes(file));

    private static Dictionary<string, byte[]> ReadTar(byte[] bytes)
    {
        var zipped = bytes is [0x1f, 0x8b, ..];
        using Stream content = zipped ? new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress) : new MemoryStream(bytes);
        using var reader = new TarReader(content);
        var files = new Dictionary<string, byte[]>();
        while (reader.GetNextEntry() is { } entry)
        {
            using var copy = new MemoryStream();
            entry.DataStream?.CopyTo(copy);
            files[entry.Name] = copy.ToArray();
        }

        return files;
    }
}
