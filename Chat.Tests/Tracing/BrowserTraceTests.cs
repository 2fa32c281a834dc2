using Chat.Servers;
using Chat.Tests.Browser;
using Microsoft.Playwright;

namespace Chat.Tests.Tracing;

/// <summary>A real browser: what somebody writes is one trace from their browser to the database.</summary>
[Collection(TracingCollection.Name)]
public sealed class BrowserTraceTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(5));

    [Fact]
    public async Task What_somebody_writes_is_one_trace_that_begins_in_the_browser()
    {
        Assert.SkipWhen(ProgramFinder.Chromium() is null, "no Chromium: set CHAT_CHROMIUM or install chromium");
        await using var system = await TracedSystem.StartEmbeddedAsync(_limit.Token);
        var web = await system.AddAsync(
            "web", Assembly("Chat.Web"),
            new()
            {
                ["services__api__http__0"] = system.Api.Address.ToString(),
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["DOTNET_ENVIRONMENT"] = "Development",
                ["ASPNETCORE_CONTENTROOT"] = Project("Chat.Web"),
            },
            _limit.Token);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = ProgramFinder.Chromium(), Args = ["--no-sandbox", "--disable-gpu"] });
        await using var context = await browser.NewContextAsync(new() { BaseURL = web.Address.ToString() });
        context.SetDefaultTimeout(60_000);
        await using var person = new Person(await context.NewPageAsync(), $"p{Guid.NewGuid():N}"[..12]);
        await person.SignUpAsync();
        await person.LiveAsync();
        await person.CreateRoomAsync("Traced room");
        await person.Composer.FillAsync("over the hub");
        await person.Composer.PressAsync("Enter");
        await Assertions.Expect(person.Message("over the hub")).ToBeVisibleAsync();

        var (root, spans) = await SentAsync(
            system.Collector, "",
            s => s is { Service: "browser", Name: "call the hub" },
            s => s is { Service: "api", Kind: CollectedSpan.Server } && s.Name.EndsWith("/SendMessage", StringComparison.Ordinal),
            s => s is { Service: "api", Name: "INSERT message_save" });
        var call = spans.Single(s => s.Name == "call the hub");
        Assert.Equal(root.SpanId, call.Parent);
        Assert.Equal(call.SpanId, spans.Single(s => s.Name.EndsWith("/SendMessage", StringComparison.Ordinal)).Parent);

        // Without the hub the same goes over HTTP, through the pages' proxy.
        await context.RouteWebSocketAsync("**/hubs/**", static socket => socket.CloseAsync());
        await context.RouteAsync("**/hubs/**", static route => route.AbortAsync());
        await person.Page.ReloadAsync();
        await person.Composer.FillAsync("over HTTP");
        await person.Composer.PressAsync("Enter");

        (root, spans) = await SentAsync(
            system.Collector, root.TraceId,
            s => s is { Service: "web", Kind: CollectedSpan.Server },
            s => s is { Service: "web", Kind: CollectedSpan.Client },
            s => s is { Service: "api", Name: "POST /api/rooms/{id}/messages" });
        Assert.Equal(root.SpanId, spans.Single(s => s is { Service: "web", Kind: CollectedSpan.Server }).Parent);
        Assert.Equal(
            spans.Single(s => s is { Service: "web", Kind: CollectedSpan.Client }).SpanId,
            spans.Single(s => s is { Service: "api", Kind: CollectedSpan.Server }).Parent);
    }

    /// <summary>The trace of a send that succeeded, which is not the one before.</summary>
    private static async Task<(CollectedSpan Root, IReadOnlyList<CollectedSpan> Spans)> SentAsync(
        OtlpCollector collector, string before, params Predicate<CollectedSpan>[] everything)
    {
        CollectedSpan? root = null;
        await Backends.Eventually.IsTrueAsync(
            () => (root = collector.Spans.FirstOrDefault(s => s is { Service: "browser", Name: "send message" }
                && s.TraceId != before && s.Tags["chat.outcome"] == "done")) is not null,
            "the browser's span is exported");
        Assert.Equal("", root!.Parent);
        return (root, await collector.TraceAsync(
            root.TraceId,
            [
                s => s is { Service: "worker", Kind: CollectedSpan.Consumer },
                s => s is { Service: "worker", Kind: CollectedSpan.Client },
                .. everything,
            ]));
    }

    public void Dispose() => _limit.Dispose();

    /// <summary>Where the AppHost's build put another project's assembly: beside ours, by the layout of the repository.</summary>
    private static string Assembly(string project)
    {
        var output = Path.GetRelativePath(Project("Chat.Tests"), AppContext.BaseDirectory);
        return Path.Combine(Project(project), output, $"{project}.dll");
    }

    private static string Project(string project, [System.Runtime.CompilerServices.CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", project));
}
