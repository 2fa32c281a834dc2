using Aspire.Hosting.Testing;
using Microsoft.Playwright;

namespace Chat.Tests.Browser;

/// <summary>The whole system as the AppHost starts it, and one real Chromium. Shared: each test signs up its own people.</summary>
public sealed class BrowserSystem : IAsyncLifetime
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromMinutes(3);
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private IDistributedApplicationTestingBuilder? _builder;
    private Aspire.Hosting.DistributedApplication? _app;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _missing;
    private int _people;

    public Uri Web { get; private set; } = null!;

    /// <summary>For the AppHost: servers of the test's own, for example.</summary>
    public string[] AppArguments { get; init; } = [];

    public async Task InitializeAsync()
    {
        if (Chromium() is not { } executable)
        {
            _missing = "no Chromium: set CHAT_CHROMIUM or install chromium";
            return;
        }

        using var timeout = new CancellationTokenSource(StartWithin);
        _builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chat_AppHost>(AppArguments, timeout.Token);
        _app = await _builder.BuildAsync(timeout.Token);
        await _app.StartAsync(timeout.Token);
        await _app.ResourceNotifications.WaitForResourceHealthyAsync("web", timeout.Token);
        Web = _app.GetEndpoint("web");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = executable, Args = Arguments });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_builder is not null)
        {
            await _builder.DisposeAsync();
        }
    }

    /// <summary>A browser of its own, with nobody signed in.</summary>
    public async Task<Person> OpenAsync(BrowserNewContextOptions? options = null)
    {
        Skip.If(_missing is not null, _missing);
        options ??= new BrowserNewContextOptions();
        options.BaseURL = Web.ToString();
        var context = await _browser!.NewContextAsync(options);
        context.SetDefaultTimeout(30_000);
        Assertions.SetDefaultExpectTimeout(30_000);
        return new Person(await context.NewPageAsync(), $"p{Interlocked.Increment(ref _people)}-{Guid.NewGuid():N}"[..16]);
    }

    /// <summary>A new person, signed up, with the chat open and live.</summary>
    public async Task<Person> SignUpAsync(BrowserNewContextOptions? options = null)
    {
        var person = await OpenAsync(options);
        await person.SignUpAsync();
        await person.LiveAsync();
        return person;
    }

    private static string? Chromium() => new[] { Environment.GetEnvironmentVariable("CHAT_CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }
        .FirstOrDefault(File.Exists);
}

[CollectionDefinition(Name)]
public sealed class BrowserCollection : ICollectionFixture<BrowserSystem>
{
    public const string Name = "browser";
}
