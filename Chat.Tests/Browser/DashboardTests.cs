using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

/// <summary>Aspire's dashboard, as a developer opens it to see whether all is well and where a message went.</summary>
[Collection(BrowserCollection.Name)]
public sealed partial class DashboardTests(BrowserSystem system)
{
    private static readonly LocatorAssertionsToHaveCountOptions Patiently = new() { Timeout = 60_000 };

    [Fact]
    public async Task All_resources_are_healthy_and_a_sent_message_is_one_trace_from_the_browser_to_the_database()
    {
        await using var person = await system.SignUpAsync();
        await person.CreateRoomAsync($"traced {Guid.NewGuid():N}"[..20]);
        await system.NothingWaitsToBeSavedAsync();

        // The browser reports its spans some seconds after the message. Others of this system have traces, too.
        var report = await person.Page.RunAndWaitForRequestAsync(
            async () =>
            {
                await person.SendAsync("one trace");
                await person.SeesAsync("one trace");
            },
            request => request.Url.EndsWith("/api/telemetry/spans", StringComparison.Ordinal), new() { Timeout = 60_000 });
        var trace = TraceId().Match(report.PostData!).Groups[1].Value;

        await using var developer = await system.OpenAsync(new() { ViewportSize = new() { Width = 1600, Height = 1000 } });
        var page = developer.Page;
        await page.GotoAsync(system.Dashboard.ToString());
        foreach (var (resource, instances) in ((string, int)[])
            [("cache", 1), ("messaging", 1), ("mongo", 1), ("chatdb", 1), ("api-", 2), ("worker", 1), ("web", 1)])
        {
            await RunningAsync(page, resource, instances);
        }

        await Expect(page.GetByText(Unwell())).ToHaveCountAsync(0);
        await developer.ShootAsync("dashboard-resources");

        await page.GotoAsync(new Uri(system.Dashboard, "/traces/resource/browser").ToString());
        await page.GetByText("browser: send message").First.WaitForAsync(new() { Timeout = 60_000 });
        await page.GotoAsync(new Uri(system.Dashboard, $"/traces/detail/{trace}").ToString());
        foreach (var (span, from) in ((string, string)[])
        [
            ("send message", "browser"), ("call the hub", "browser"), ("Chat.Api.Realtime.ChatHub/SendMessage", "api-"), ("redis EVAL", "api-"),
            ("INSERT message_save", "api-"), ("message_save process", "worker"), ("INSERT messages", "worker"),
        ])
        {
            await SpanAsync(page, span, from);
        }

        await developer.ShootAsync("dashboard-trace");
    }

    private static Task RunningAsync(IPage page, string resource, int instances) =>
        Expect(Rows(page, resource).Filter(new() { HasText = "Running" })).ToHaveCountAsync(instances, Patiently);

    private static async Task SpanAsync(IPage page, string span, string from) =>
        await Rows(page, span).Filter(new() { HasText = from }).First.WaitForAsync(new() { Timeout = 60_000 });

    /// <summary>The rows of the page's table that begin with a text, or have it among others.</summary>
    private static ILocator Rows(IPage page, string text) =>
        page.GetByRole(AriaRole.Row).Filter(new() { HasTextRegex = new Regex($@"(^|\W){Regex.Escape(text)}") });

    [GeneratedRegex("\"traceId\":\"([0-9a-f]{32})\"")]
    private static partial Regex TraceId();

    [GeneratedRegex("^(Unhealthy|Degraded|Failed to start|Exited)")]
    private static partial Regex Unwell();
}
