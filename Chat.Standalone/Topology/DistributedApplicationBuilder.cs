using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Publishing;
using Chat.Standalone.Running;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Aspire.Hosting;

public class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private static readonly Dictionary<string, string> Switches = new()
    {
        ["--publisher"] = "Publishing:Publisher",
        ["--output-path"] = "Publishing:OutputPath",
        ["--operation"] = "AppHost:Operation",
    };

    private readonly HostApplicationBuilder _host;

    public DistributedApplicationBuilder(string[] args)
        : this(new DistributedApplicationOptions { Args = args })
    {
    }

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        AppHostAssembly = options.AssemblyName is null ? Assembly.GetEntryAssembly() : Assembly.Load(new AssemblyName(options.AssemblyName));
        var name = options.ProjectName ?? Metadata("AppHostProjectName") ?? AppHostAssembly?.GetName().Name ?? "AppHost";
        AppHostDirectory = options.ProjectDirectory ?? Metadata("AppHostProjectPath") ?? Directory.GetCurrentDirectory();

        _host = new HostApplicationBuilder(new HostApplicationBuilderSettings
        {
            ApplicationName = Path.GetFileNameWithoutExtension(name + ".csproj"),
            ContentRootPath = AppHostDirectory,
        });
        _host.Configuration.AddCommandLine(options.Args ?? [], Switches);

        var publisher = Configuration["Publishing:Publisher"];
        ExecutionContext = new(publisher is null && !IsPublish(Configuration["AppHost:Operation"])
            ? DistributedApplicationOperation.Run
            : DistributedApplicationOperation.Publish)
        {
            PublisherName = publisher ?? "manifest",
        };

        // As Aspire does: in publish mode the hash names the project, so that it is the same on every machine; in run mode the
        // path, so that two clones do not share volumes.
        var identity = ExecutionContext.IsPublishMode ? Environment.ApplicationName : Path.Combine(AppHostDirectory, Environment.ApplicationName);
        Configuration["AppHost:Sha256"] = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));

        Services.AddSingleton(ExecutionContext);
        Services.AddSingleton<IResourceCollection>(Resources);
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton<ResourceLoggerService>();
        Services.AddSingleton<ResourceNotificationService>();
        Services.AddSingleton<ResourceCommandService>();
        _host.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // The host would print the stack of a refusal that is one sentence for the reader.
        _host.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        _host.Logging.AddConsoleFormatter<PlainConsoleFormatter, ConsoleFormatterOptions>();
        _host.Logging.AddConsole(o => o.FormatterName = PlainConsoleFormatter.FormatterName);
        if (ExecutionContext.IsPublishMode)
        {
            Services.AddHostedService<ManifestPublisher>();
        }
        else
        {
            Services.AddStandaloneEngine(this, options.DisableDashboard);
        }
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public DistributedApplicationExecutionContext ExecutionContext { get; }

    public IResourceCollection Resources { get; } = new ResourceCollection();

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (Resources.Any(r => string.Equals(r.Name, resource.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new InvalidOperationException($"Two resources are named '{resource.Name}'.");
        }

        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public virtual DistributedApplication Build() => new(BuildHost());

    private protected IHost BuildHost() => _host.Build();

    private static bool IsPublish(string? operation) => string.Equals(operation, "publish", StringComparison.OrdinalIgnoreCase);

    private string? Metadata(string key) => AppHostAssembly?.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(a => string.Equals(a.Key, key, StringComparison.OrdinalIgnoreCase))?.Value;
}
