using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace Chat.Benchmarks.Web;

/// <summary>
/// Scrolls up through a long room at the speed of a quick reader, loading history all the way, and records every frame; then looks at
/// what the page holds.
/// </summary>
internal static class LongRoom
{
    private const int PixelsPerSecond = 4_000;
    private const int Seconds = 40;
    private const int Rounds = 8;

    private const string Scroll = """
        ({ speed, seconds }) => new Promise(resolve => {
          const list = document.querySelector('.list');
          const frames = [];
          const seen = new Set();
          let rows = 0;
          let still = 0;
          let last = performance.now();
          const end = last + seconds * 1000;
          const step = now => {
            const took = now - last;
            last = now;
            frames.push(took);
            const before = list.scrollTop;
            list.scrollTop = before - speed * Math.min(took, 100) / 1000;
            if (list.scrollTop === before) { still += Math.max(took, 0); }
            if (frames.length % 5 === 0) {
              const shown = list.querySelectorAll('.message[data-id]');
              rows = Math.max(rows, shown.length);
              shown.forEach(row => seen.add(row.dataset.id));
            }
            if (now < end) { requestAnimationFrame(step); } else { resolve({ frames, seen: seen.size, rows, still }); }
          };
          requestAnimationFrame(step);
        })
        """;

    public static async Task<Result> MeasureAsync(WebSystem system, string room)
    {
        await using var context = await system.OpenAsync(options: new() { ViewportSize = new() { Width = 1280, Height = 800 } });
        await context.APIRequest.PostAsync("/api/auth/login", new() { DataObject = new { username = "measure", password = Visitor.Password } });
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/chat/{room}");
        await page.Locator(".message[data-id]").Last.WaitForAsync();
        await page.Locator("[data-testid=connection][data-phase=live]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        var heaps = new List<(double Script, double Wasm)> { await HeapAsync(page) };
        var runs = new List<(double[] Frames, int Seen, int Rows, double Still)>();
        for (var round = 0; round < Rounds; round++)
        {
            runs.Add(await RunAsync(page));
            heaps.Add(await HeapAsync(page));
        }

        double[] frames = [.. runs.SelectMany(r => r.Frames)];
        Array.Sort(frames);
        return new Result(frames, runs.Sum(r => r.Seen), runs.Max(r => r.Rows), runs.Sum(r => r.Still) / frames.Sum(), heaps);
    }

    private static async Task<(double[] Frames, int Seen, int Rows, double Still)> RunAsync(IPage page)
    {
        var answer = await page.EvaluateAsync<JsonElement>(Scroll, new { speed = PixelsPerSecond, seconds = Seconds });
        return (
            [.. answer.GetProperty("frames").EnumerateArray().Skip(1).Select(f => f.GetDouble())], answer.GetProperty("seen").GetInt32(),
            answer.GetProperty("rows").GetInt32(), answer.GetProperty("still").GetDouble());
    }

    /// <summary>MB of JavaScript and of WebAssembly's own memory, after a collection.</summary>
    private static async Task<(double Script, double Wasm)> HeapAsync(IPage page)
    {
        var script = await page.EvaluateAsync<double>("() => { gc(); return performance.memory.usedJSHeapSize; }");
        var wasm = await page.EvaluateAsync<double>("() => Blazor.runtime.localHeapViewU8().byteLength");
        return (script / 1e6, wasm / 1e6);
    }

    internal sealed record Result(
        double[] Frames, int Messages, int Rows, double Still, IReadOnlyList<(double Script, double Wasm)> Heaps)
    {
        public string Describe() => string.Create(CultureInfo.InvariantCulture, $"""
            Scrolled up at {PixelsPerSecond:N0} pixels a second for {Rounds * Seconds} seconds, through {Messages:N0} messages, each page of history fetched on the way.

            | | |
            |---|---|
            | frames | {Frames.Length} |
            | median | {Frames[Frames.Length / 2]:F1} ms |
            | 95th of 100 | {Frames[Frames.Length * 95 / 100]:F1} ms |
            | longest | {Frames[^1]:F0} ms |
            | time that the list stood still, waiting for history | {Still * 100:F0} % |
            | rows in the page, at most | {Rows} |
            | JavaScript memory at the start and after each {Seconds} seconds | {string.Join(", ", Heaps.Select(h => h.Script.ToString("F1", CultureInfo.InvariantCulture)))} MB |
            | WebAssembly memory at the start and after each {Seconds} seconds | {string.Join(", ", Heaps.Select(h => h.Wasm.ToString("F0", CultureInfo.InvariantCulture)))} MB |
            """);
    }
}
