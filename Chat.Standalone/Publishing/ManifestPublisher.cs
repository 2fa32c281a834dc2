using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Chat.Standalone.Running;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Publishing;

/// <summary><c>--publisher manifest --output-path FILE</c>: writes the manifest and ends.</summary>
internal sealed class ManifestPublisher(DistributedApplicationExecutionContext executionContext, IResourceCollection resources,
    IConfiguration configuration, IHostApplicationLifetime lifetime) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (executionContext.PublisherName != "manifest")
        {
            throw new CannotRunException(
                $"The standalone engine publishes the manifest only, not '{executionContext.PublisherName}': use --publisher manifest.");
        }

        var path = configuration["Publishing:OutputPath"] ?? throw new CannotRunException(
            "--publisher manifest needs --output-path FILE.");
        path = Path.GetFullPath(path);
        if (Directory.Exists(path) || Path.EndsInDirectorySeparator(path))
        {
            path = Path.Combine(path, "aspire-manifest.json");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using (var file = File.Create(path))
        await using (var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            await new ManifestPublishingContext(executionContext, path, writer, cancellationToken).WriteModelAsync(resources);
        }

        Console.WriteLine($"Published manifest to: {path}");
        lifetime.StopApplication();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
