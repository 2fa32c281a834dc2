using Aspire.Hosting.Testing;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Backends.Sqlite;
using Chat.Contracts;
using Chat.Servers;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Hosting;
using Microsoft.Playwright;

namespace Chat.Tests.Browser;

/// <summary>
/// A running system and one real Chromium. Test classes share the one on the embedded system, in which each test signs up its own people.
/// </summary>
public sealed class BrowserSystem : IAsyncLifetime
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromMinutes(4);
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private RunningAppHost? _host;
    private RunningAppHost? _own;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _missing;
    private int _people;

    /// <summary>The system that the browser's test classes share.</summary>
    public EmbeddedSystem Embedded { get; } = new();

    public Uri Web { get; private set; } = null!;

    /// <summary>The address of Aspire's dashboard.</summary>
    public Uri Dashboard => _host!.Dashboard;

    /// <summary>Starts a system that only the caller uses.</summary>
    /// <param name="arguments">Arguments of the AppHost, such as the connection strings of the test's own servers.</param>
    public static async Task<BrowserSystem> StartOwnAsync(string[] arguments)
    {
        var system = new BrowserSystem();
        using var timeout = new CancellationTokenSource(StartWithin);
        system._own = await RunningAppHost.StartAsync(arguments, timeout.Token);
        await system._own.HealthyAsync(["web"], timeout.Token);
        await system.InitializeAsync();
        return system;
    }

    public async ValueTask InitializeAsync()
    {
        if (ProgramFinder.Chromium() is not { } executable)
        {
            _missing = "no Chromium: set CHAT_CHROMIUM or install chromium";
            return;
        }

        _host = _own ?? await Embedded.RunningAsync();
        Web = _host.App.GetEndpoint("web", "http");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = executable, Args = Arguments });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        await Embedded.DisposeAsync();
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }
    }

    /// <summary>A browser of its own, with nobody signed in.</summary>
    public async Task<Person> OpenAsync(BrowserNewContextOptions? options = null)
    {
        if (_missing is not null)
        {
            Assert.Skip(_missing);
        }

        options ??= new BrowserNewContextOptions();
        options.BaseURL = Web.ToString();
        var context = await _browser!.NewContextAsync(options);
        context.SetDefaultTimeout(30_000);
        Complaints.Watch(context);
        // A file is chosen by the test, from the start: a chooser that opens before Playwright listens is a real one, has the keys and never closes.
        context.Page += static (_, page) => page.FileChooser += static (_, _) => { };
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

    /// <summary>Waits until the queue is empty, so that the worker saves the next message by itself.</summary>
    public async Task NothingWaitsToBeSavedAsync()
    {
        using var api = _host!.App.CreateHttpClient("api");
        await Servers.Eventually.AsyncTrue(async () =>
            (await api.GetStringAsync(new Uri("/health", UriKind.Relative))).Contains("\"backlog\":\"0\"", StringComparison.Ordinal));
    }

    /// <summary>
    /// As if <paramref name="sender"/> had said it: numbered texts, a millisecond apart from now on, into the archive and, unless they are
    /// <paramref name="old"/>, through Redis to everybody who is there. Faster than the rate limit lets anybody send.
    /// </summary>
    public async Task FillAsync(string room, string sender, int count, string text, bool old = false)
    {
        var file = await _host!.App.GetConnectionStringAsync("chatdb");
        Assert.SkipWhen(file?.StartsWith("sqlite:", StringComparison.Ordinal) != true, "the archive is not the embedded one");
        var start = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()).AddSeconds(old ? -count : 0);
        Message[] messages =
        [
            .. Enumerable.Range(0, count).Select(i => new Message
            {
                Id = MessageId.For(sender, $"{room}-{i}"),
                Sender = sender,
                RoomId = room,
                Content = $"{text} {i:D5}",
                Timestamp = old ? start.AddSeconds(i) : start.AddMilliseconds(i),
                ClientId = $"{room}-{i}",
            }),
        ];
        await using (var database = new SqliteDatabase(file!["sqlite:".Length..]))
        {
            var archive = new SqliteMessageArchive(database);
            foreach (var batch in messages.Chunk(1_000))
            {
                Assert.All(await archive.SaveAsync([.. batch.Select(m => new SaveMessage(m))], default), r => Assert.Equal(SaveResultKind.Saved, r.Kind));
            }
        }

        if (!old)
        {
            await using var pod = await TestPod.StartAsync((await _host!.App.GetConnectionStringAsync("cache"))!);
            foreach (var message in messages)
            {
                Assert.NotNull(await pod.Recent.AppendAsync(message, default));
            }
        }
    }
}

[CollectionDefinition(Name)]
public sealed class BrowserCollection : ICollectionFixture<BrowserSystem>
{
    public const string Name = "browser";
}
