using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Chat.Backends;
using Chat.Servers;
using Microsoft.Extensions.Hosting;
using Microsoft.Playwright;

namespace Chat.Benchmarks.Web;

/// <summary>
/// The system as the AppHost starts it, in front of it the pages as they are published – trimmed, compressed – and a Chromium. What
/// it stores is in a temporary folder.
/// </summary>
internal sealed class WebSystem : IAsyncDisposable
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromMinutes(5);
    private readonly Stack<IAsyncDisposable> _started = new();
    private string _published = "";
    private string _data = "";

    public Uri Url { get; private set; } = null!;

    public IBrowser Browser { get; private set; } = null!;

    /// <summary>The backing services, for filling rooms.</summary>
    public IServiceProvider Backends { get; private set; } = null!;

    public static async Task<WebSystem> StartAsync()
    {
        var system = new WebSystem();
        try
        {
            using var timeout = new CancellationTokenSource(StartWithin);
            await system.StartAsync(timeout.Token);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public async Task<IBrowserContext> OpenAsync(Uri? url = null, BrowserNewContextOptions? options = null)
    {
        options ??= new BrowserNewContextOptions();
        options.BaseURL = (url ?? Url).ToString();
        var context = await Browser.NewContextAsync(options);
        context.SetDefaultTimeout(60_000);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        while (_started.TryPop(out var last))
        {
            await last.DisposeAsync();
        }

        foreach (var folder in (string[])[_published, _data])
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        _published = Directory.CreateTempSubdirectory("chat-web-").FullName;
        _data = Directory.CreateTempSubdirectory("chat-data-").FullName;
        await RunAsync(Repository(), ["publish", Path.Combine("Chat.Web", "Chat.Web.csproj"), "-c", "Release", "-o", _published, "--nologo", "-v", "quiet"], cancellationToken);

        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chat_AppHost>([$"--Chat:Data={_data}"], cancellationToken);
        _started.Push(builder);
        var app = await builder.BuildAsync(cancellationToken);
        _started.Push(app);
        await app.StartAsync(cancellationToken);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("web", cancellationToken);

        var settings = new Dictionary<string, string?>();
        foreach (var name in (string[])[ChatBackendsExtensions.Cache, ChatBackendsExtensions.Messaging, ChatBackendsExtensions.ChatDb])
        {
            settings[$"ConnectionStrings:{name}"] = await app.GetConnectionStringAsync(name, cancellationToken);
        }

        await StartPagesAsync(app.GetEndpoint("api"), settings, cancellationToken);
        await StartBackendsAsync(settings, cancellationToken);

        var playwright = await Playwright.CreateAsync();
        Browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = ProgramFinder.Chromium() ?? throw new InvalidOperationException("No Chromium: set CHAT_CHROMIUM or install chromium."), Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--js-flags=--expose-gc", "--enable-precise-memory-info"] });
        _started.Push(Browser);
    }

    private async Task StartPagesAsync(Uri api, Dictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        Url = new Uri($"http://localhost:{FreePort.Next()}/");
        var environment = settings.ToDictionary(s => s.Key.Replace(":", "__", StringComparison.Ordinal), s => s.Value);
        environment["services__api__http__0"] = api.ToString();
        environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{Url.Port}";
        environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = null;
        var pages = ChildProcess.Start(new ChildStart(ProgramFinder.Dotnet(), [Path.Combine(_published, "Chat.Web.dll")]) { WorkingDirectory = _published, Environment = environment });
        _started.Push(pages);
        using var http = new HttpClient { BaseAddress = Url };
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                (await http.GetAsync(new Uri("health", UriKind.Relative), cancellationToken)).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (!pages.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
            }
        }
    }

    private async Task StartBackendsAsync(Dictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (name, value) in settings)
        {
            builder.Configuration[name] = value;
        }

        builder.AddChatBackends();
        var host = builder.Build();
        _started.Push((IAsyncDisposable)host);
        await host.StartAsync(cancellationToken);
        Backends = host.Services;
    }

    /// <summary>The folder of the solution that this was built from.</summary>
    internal static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Chat.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Run it from a build inside the repository.");
    }

    private static async Task RunAsync(string folder, string[] arguments, CancellationToken cancellationToken)
    {
        await using var child = ChildProcess.Start(new ChildStart(ProgramFinder.Dotnet(), arguments) { WorkingDirectory = folder });
        if (await child.Exited.WaitAsync(cancellationToken) != 0)
        {
            throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)}:{Environment.NewLine}{child.Tail}");
        }
    }
}
