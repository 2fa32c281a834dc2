using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Chat.Manifests;
using Chat.Manifests.Commands;
using Chat.Servers;

namespace Chat.Tests.Manifests;

/// <summary>The images that the SDK builds, as archives, without a container engine.</summary>
public sealed class ImageTests
{
    [Theory]
    [InlineData("api")]
    [InlineData("worker")]
    public async Task An_image_is_built_as_an_archive_that_runs_without_rights_on_port_8080(string name)
    {
        await using var registry = await BaseImageRegistry.StartAsync();
        var folder = Directory.CreateTempSubdirectory("chat-images-").FullName;
        try
        {
            var assembly = $"Chat.{char.ToUpperInvariant(name[0])}{name[1..]}";
            var arguments = BuildImagesCommand.Arguments(
                name, Path.Combine(Sources.Repository, assembly), "9.8.7", push: null, archives: folder, baseImage: registry.Image);
            var (code, output) = await Commands.RunAsync(
                ProgramFinder.Dotnet(), arguments, new Dictionary<string, string?> { ["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = registry.Host });
            Assert.True(code == 0, output);

            var files = ReadTar(Path.Combine(folder, $"chat-{name}.tar.gz"));
            var manifest = JsonDocument.Parse(files["manifest.json"]).RootElement[0];
            Assert.Equal($"chat-{name}:9.8.7", manifest.GetProperty("RepoTags")[0].GetString());
            var config = JsonDocument.Parse(files[manifest.GetProperty("Config").GetString()!]).RootElement.GetProperty("config");
            Assert.Equal("1654", config.GetProperty("User").GetString());
            Assert.True(config.GetProperty("ExposedPorts").TryGetProperty("8080/tcp", out _));
            Assert.Contains($"/app/{assembly}.dll", string.Join(' ', config.GetProperty("Entrypoint").EnumerateArray()), StringComparison.Ordinal);
            var layer = files[manifest.GetProperty("Layers").EnumerateArray().Last().GetString()!];
            Assert.Contains(ReadTar(layer).Keys, path => path.TrimStart('.', '/') == $"app/{assembly}.dll");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
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
