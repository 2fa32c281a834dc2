using System.Globalization;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Chat.Servers;

namespace Chat.Standalone.Running;

/// <summary>One process of a project: <c>dotnet X.dll</c> with the variables that Aspire would give it, on ports of its own.</summary>
internal sealed class ProjectProcess(ProjectResource project, string id, DistributedApplicationExecutionContext executionContext,
    HttpClient http, Action<ChildLine> onLine) : IRunnable
{
    // What `dotnet run` told the AppHost about itself is not meant for its children.
    private static readonly string[] NotInherited =
    [
        "ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORT", "ASPNETCORE_HTTPS_PORTS", "HTTP_PORTS", "HTTPS_PORTS",
        "URLS", "DOTNET_LAUNCH_PROFILE", "DOTNET_STARTUP_HOOKS",
    ];

    private ChildProcess? _child;

    /// <summary>The ports of the present process, by endpoint.</summary>
    public IReadOnlyDictionary<string, int> Ports { get; private set; } = new Dictionary<string, int>();

    public IReadOnlyDictionary<string, string> Environment { get; private set; } = new Dictionary<string, string>();

    public int? ProcessId => _child?.Id;

    public Task<int> Exited { get; private set; } = new TaskCompletionSource<int>().Task;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var metadata = project.Annotations.OfType<IProjectMetadata>().Last();
        var assembly = metadata is IProjectOutput output ? output.TargetPath : ProjectOutput.Find(metadata.ProjectPath);
        if (!File.Exists(assembly))
        {
            throw new InvalidOperationException($"'{assembly}' is not there: build the AppHost, which builds the projects that it refers to.");
        }

        Ports = project.Endpoints().ToDictionary(e => e.Name, _ => FreePort.Next());
        Environment = await EvaluateAsync(cancellationToken);
        List<object> args = [assembly];
        foreach (var callback in project.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
        {
            await callback.Callback(new(args, cancellationToken));
        }

        var child = ChildProcess.Start(new ChildStart(ProgramFinder.Dotnet(), [.. args.Select(a => $"{a}")])
        {
            WorkingDirectory = Path.GetDirectoryName(metadata.ProjectPath),
            Environment = Inherited().Select(n => KeyValuePair.Create(n, (string?)null))
                .Concat(Environment.Select(v => KeyValuePair.Create(v.Key, (string?)v.Value)))
                .GroupBy(v => v.Key).ToDictionary(g => g.Key, g => g.Last().Value),
            OnLine = onLine,
            OwnGroup = true,
        });
        _child = child;
        Exited = child.Exited;
    }

    public Task StopAsync(TimeSpan grace) => _child?.StopAsync(grace) ?? Task.CompletedTask;

    public Task KillAsync() => _child?.KillAsync() ?? Task.CompletedTask;

    public void Pause() => ProcessSignals.Pause(_child);

    public void Resume() => ProcessSignals.Resume(_child);

    public async Task<string?> ProbeAsync(CancellationToken cancellationToken)
    {
        var checks = project.Annotations.OfType<HttpHealthCheckAnnotation>().ToList();
        try
        {
            foreach (var check in checks)
            {
                var endpoint = project.Endpoints().FirstOrDefault(e => e.Name == (check.EndpointName ?? "http"))
                    ?? project.Endpoints().First(e => e.UriScheme is "http" or "https");
                using var answer = await http.GetAsync(new Uri($"{endpoint.UriScheme}://{(endpoint.UriScheme == "https" ? "localhost" : "127.0.0.1")}:{Ports[endpoint.Name]}{check.Path}"),
                    HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if ((int)answer.StatusCode != check.StatusCode)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"{check.Path} answered {(int)answer.StatusCode}");
                }
            }

            // Without a check, listening is all that can be known.
            if (checks.Count == 0)
            {
                foreach (var port in Ports.Values)
                {
                    using var client = new TcpClient();
                    await client.ConnectAsync("127.0.0.1", port, cancellationToken);
                }
            }

            return null;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            return "does not listen";
        }
    }

    private static IEnumerable<string> Inherited() => NotInherited.Concat(System.Environment.GetEnvironmentVariables().Keys.Cast<string>()
        .Where(k => k.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase) ||
            k.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase) || k.StartsWith("services__", StringComparison.OrdinalIgnoreCase)));

    private async Task<Dictionary<string, string>> EvaluateAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, object> variables = [];
        foreach (var callback in project.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await callback.Callback(new(executionContext, project, variables, cancellationToken));
        }

        Dictionary<string, string> evaluated = [];
        foreach (var (name, value) in variables)
        {
            evaluated[name] = value switch
            {
                ReplicaVariable.Urls => string.Join(';', project.Endpoints().Where(e => e.UriScheme is "http" or "https")
                    .Select(e => $"{e.UriScheme}://127.0.0.1:{Ports[e.Name]}")),
                ReplicaVariable.ServiceName => project.Name,
                ReplicaVariable.ResourceAttributes => $"service.instance.id={id}",
                IValueProvider provider => await provider.GetValueAsync(cancellationToken) ?? "",
                _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
            };
        }

        return evaluated;
    }
}

/// <summary>Variables whose value differs from replica to replica.</summary>
internal enum ReplicaVariable
{
    Urls,
    ServiceName,
    ResourceAttributes,
}
