using System.CommandLine;
using System.Diagnostics;
using Chat.Manifests.Aspire;
using Chat.Manifests.Topology;

namespace Chat.Manifests.Commands;

/// <summary>
/// <c>build-images --manifest FILE (--push REGISTRY | --archives FOLDER)</c>: has the SDK make the image of every project of the
/// topology, without a Dockerfile or a container engine.
/// </summary>
public static class BuildImagesCommand
{
    public static Command Create()
    {
        var manifest = new Option<string>("--manifest") { Description = "The Aspire manifest, which knows the projects", Required = true };
        var push = new Option<string?>("--push") { Description = "The registry to push to, as generate's --registry" };
        var archives = new Option<string?>("--archives") { Description = "A folder for archives, in place of a registry" };
        var tag = new Option<string>("--tag") { Description = "Their tag", DefaultValueFactory = _ => new GeneratorOptions().Tag };
        var baseImage = new Option<string?>("--base-image") { Description = "A mirror of mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled" };
        var command = new Command("build-images", "Build the images of the topology's projects") { manifest, push, archives, tag, baseImage };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var file = Path.GetFullPath(parsed.GetRequiredValue(manifest));
            foreach (var project in TopologyReader.Read(AspireManifest.Read(file)).Projects)
            {
                var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, project.Path));
                var arguments = Arguments(
                    project.Name, path, parsed.GetRequiredValue(tag), parsed.GetValue(push), parsed.GetValue(archives), parsed.GetValue(baseImage));
                using var process = Process.Start(new ProcessStartInfo("dotnet", arguments))
                    ?? throw new ManifestException("dotnet did not start.");
                await process.WaitForExitAsync(cancellationToken);
                if (process.ExitCode != 0)
                {
                    throw new ManifestException($"The image of '{project.Name}' was not built.");
                }
            }

            return 0;
        });
        return command;
    }

    public static IReadOnlyList<string> Arguments(string name, string project, string tag, string? push, string? archives, string? baseImage)
    {
        if (push is null == archives is null)
        {
            throw new ManifestException("Say either --push REGISTRY or --archives FOLDER.");
        }

        List<string> arguments =
        [
            "publish", project, "-c", "Release", "--nologo", "-v", "quiet", "-t:PublishContainer", $"-p:ContainerImageTag={tag}",
        ];
        if (archives is not null)
        {
            arguments.Add($"-p:ContainerArchiveOutputPath={Path.Combine(Path.GetFullPath(archives), $"chat-{name}.tar.gz")}");
        }
        else if (push is not null)
        {
            // registry.example.com/team/… : the SDK takes host and path apart.
            var slash = push.IndexOf('/', StringComparison.Ordinal);
            var (host, path) = slash < 0 ? (push, "") : (push[..slash], push[(slash + 1)..].TrimEnd('/') + "/");
            arguments.Add($"-p:ContainerRegistry={host}");
            arguments.Add($"-p:ContainerRepository={path}chat-{name}");
        }

        if (baseImage is not null)
        {
            arguments.Add($"-p:ContainerBaseImage={baseImage}");
        }

        return arguments;
    }
}
