using System.Globalization;
using System.Text;
using Microsoft.Playwright;

namespace Chat.Benchmarks.Web;

/// <summary>
/// Measures in Chromium, on the pages as they are published, the first and the repeated start and a room of 50,000 messages, and writes
/// <c>docs/web-performance.md</c>: <c>dotnet run -c Release --project Chat.Benchmarks -- web [RUNS]</c>. Fails when the first visit
/// takes more than 3 MB, or the second anything but the page itself.
/// </summary>
internal static class WebPerformance
{
    private const int RoomOf = 50_000;
    private const long FirstVisitAtMost = 3_000_000;
    private const long SecondVisitAtMost = 20_000;

    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        var runs = args.Count > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        await using var system = await WebSystem.StartAsync();
        var room = await PrepareAsync(system);

        List<Start> first = [], repeat = [];
        for (var i = 0; i < runs; i++)
        {
            var (one, two) = await StartTwiceAsync(system, room);
            first.Add(one);
            repeat.Add(two);
            Console.WriteLine($"run {i + 1}: {one} / {two}");
        }

        var scroll = await LongRoom.MeasureAsync(system, room);
        var report = Report(first, repeat, scroll);
        await File.WriteAllTextAsync(Path.Combine(WebSystem.Repository(), "docs", "web-performance.md"), report);
        Console.WriteLine(report);
        var small = first.Max(s => s.Bytes) <= FirstVisitAtMost && repeat.Max(s => s.Assets) <= SecondVisitAtMost;
        Console.WriteLine(small ? "within the budget" : "over the budget");
        return small ? 0 : 1;
    }

    private static async Task<string> PrepareAsync(WebSystem system)
    {
        await using var context = await system.OpenAsync();
        var owner = await Visitor.SignUpAsync(context, "measure");
        var room = await owner.CreateRoomAsync("Fifty thousand");
        await Filler.FillAsync(system.Backends, room, RoomOf);
        return room;
    }

    /// <summary>A browser that was never here signs in and opens the room; then a new tab opens it again.</summary>
    private static async Task<(Start First, Start Repeat)> StartTwiceAsync(WebSystem system, string room)
    {
        await using var meter = new WireMeter(system.Url);
        await using var context = await system.OpenAsync(meter.Url);
        var signIn = await context.APIRequest.PostAsync("/api/auth/login", new() { DataObject = new { username = "measure", password = Visitor.Password } });
        if (!signIn.Ok)
        {
            throw new InvalidOperationException(await signIn.TextAsync());
        }

        var first = await StartAsync(context, meter, room);
        var repeat = await StartAsync(context, meter, room);
        return (first, repeat);
    }

    private static async Task<Start> StartAsync(IBrowserContext context, WireMeter meter, string room)
    {
        var page = await context.NewPageAsync();
        var (requests, assets) = (0, 0L);
        page.Request += (_, _) => requests++;
        page.Response += async (_, answer) =>
        {
            if (!answer.FromServiceWorker && !answer.Url.Contains("/api/", StringComparison.Ordinal) && answer.Request.ResourceType != "document")
            {
                Interlocked.Add(ref assets, (await answer.Request.SizesAsync()).ResponseBodySize);
            }
        };
        meter.Reset();
        await page.GotoAsync($"/chat/{room}", new() { WaitUntil = WaitUntilState.Commit });
        await page.Locator(".message[data-id]").Last.WaitForAsync();
        await page.Locator("[data-testid=composer]").WaitForAsync();
        var usable = await page.EvaluateAsync<double>("() => performance.now()");
        await page.Locator("[data-testid=connection][data-phase=live]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        var live = await page.EvaluateAsync<double>("() => performance.now()");
        var painted = await page.EvaluateAsync<double>("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0");
        // What is kept for a start without a network, and what the live connection asks for, belong to the visit.
        for (var before = -1L; before != meter.Down; await Task.Delay(TimeSpan.FromSeconds(2)))
        {
            before = meter.Down;
        }

        var start = new Start(meter.Down, Interlocked.Read(ref assets), requests, painted, usable, live);
        await page.CloseAsync();
        return start;
    }

    private static string Report(List<Start> first, List<Start> repeat, LongRoom.Result scroll)
    {
        var text = new StringBuilder($"""
            # How fast the web chat is

            Written by `dotnet run -c Release --project Chat.Benchmarks -- web`; nothing here is typed by hand. {first.Count} runs, medians, on a
            machine of {Environment.ProcessorCount} cores that also runs every server (two APIs, worker, stand-ins of the backing services) and the headless Chromium.{Load()}
            The pages are the published ones; the bytes are counted between browser and server, headers, API answers and the
            service worker's requests included.

            | start | bytes over the wire | of it scripts and styles | requests | first paint | composer and messages there | live |
            |---|---|---|---|---|---|---|
            {Row("first visit", first)}
            {Row("second visit", repeat)}

            The budget is 3 MB at the first visit and nothing but the page itself and the API's answers at the second; the command fails beyond it.
            Requests count those that the browser's own caches answer. On the second visit rooms and messages come from the local copy.

            ## A room of {RoomOf:N0} messages

            {scroll.Describe()}

            """.ReplaceLineEndings("\n"));
        return text.ToString();
    }

    /// <summary>What else the machine did: times on a busy one say little.</summary>
    private static string Load() => File.Exists("/proc/loadavg") && double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[2], CultureInfo.InvariantCulture) is > 0 and var load
        ? string.Create(CultureInfo.InvariantCulture, $"\nIts load average over the quarter of an hour was {load:F0}: far above the number of cores means that it was shared with other work and that times are upper bounds.")
        : "";

    private static string Row(string name, List<Start> starts) => string.Create(CultureInfo.InvariantCulture,
        $"| {name} | {Median(starts, s => s.Bytes) / 1000:F0} kB | {Median(starts, s => s.Assets) / 1000:F0} kB | {Median(starts, s => s.Requests):F0} | {Median(starts, s => s.Painted):F0} ms | {Median(starts, s => s.Usable):F0} ms | {Median(starts, s => s.Live):F0} ms |");

    private static double Median(List<Start> starts, Func<Start, double> value) => starts.Select(value).Order().ElementAt(starts.Count / 2);

    private sealed record Start(long Bytes, long Assets, int Requests, double Painted, double Usable, double Live);
}
