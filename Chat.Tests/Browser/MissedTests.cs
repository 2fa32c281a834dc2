using System.Globalization;
using System.Text.RegularExpressions;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

/// <summary>Holes heal, however they came to be; a long room costs no more than a short one.</summary>
[Collection(BrowserCollection.Name)]
public sealed class MissedTests(BrowserSystem system, ITestOutputHelper output)
{
    /// <summary>The rows on the page never become more than this, dividers apart.</summary>
    private const int MostRows = 400;

    /// <summary>Of the whole document.</summary>
    private const int MostNodes = 8_000;

    [Fact]
    public async Task Whoever_missed_five_thousand_messages_sees_the_newest_and_scrolls_back_without_a_hole()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"missed {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await bob.SendAsync("before");
        await alice.SeesAsync("before");
        await alice.Page.Context.SetOfflineAsync(true);
        await alice.PhaseAsync("offline");

        await system.FillAsync(room, bob.Name, 5_000, "missed");
        await alice.Page.Context.SetOfflineAsync(false);
        await alice.LiveAsync();
        // She was at the bottom, so the page follows: nothing has to be clicked.
        await alice.SeesAsync("missed 04999");
        await Expect(alice.Message("missed 04999")).ToBeInViewportAsync();
        await Expect(alice.Hook("newest")).ToHaveCountAsync(0);
        await bob.SendAsync("after");
        await alice.SeesAsync("after");

        var first = await WholeAsync(alice, "missed");
        for (var step = 0; step < 12; step++)
        {
            await ScrollToTopAsync(alice, "missed", first);
            first = await WholeAsync(alice, "missed");
        }

        Assert.True(first < 4_999 - 500, $"scrolled back to {first} only");
    }

    [Fact]
    public async Task A_push_that_never_arrived_is_fetched_and_shown_in_its_place_once()
    {
        await using var alice = await system.OpenAsync();
        await using var bob = await system.SignUpAsync();
        var dropped = 0;
        await alice.Page.RouteWebSocketAsync("**/hubs/chat**", socket =>
        {
            var server = socket.ConnectToServer();
            server.OnMessage(frame =>
            {
                if ((frame.Text ?? System.Text.Encoding.UTF8.GetString(frame.Binary ?? [])).Contains("drop this one", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref dropped);
                }
                else if (frame.Text is { } text)
                {
                    socket.Send(text);
                }
                else
                {
                    socket.Send(frame.Binary!);
                }
            });
        });
        await alice.SignUpAsync();
        await alice.LiveAsync();
        var room = await alice.CreateRoomAsync($"gap {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);

        foreach (var text in new[] { "one", "drop this one", "three" })
        {
            await bob.SendAsync(text);
            await bob.SeesAsync(text);
        }

        await alice.SeesAsync("three");
        await alice.SeesAsync("drop this one");
        Assert.NotEqual(0, dropped);
        Assert.Equal(["one", "drop this one", "three"], (await alice.Messages.Locator(".message-body").AllInnerTextsAsync()).Select(t => t.Trim()));
    }

    [Fact]
    public async Task A_room_of_fifty_thousand_messages_keeps_a_bounded_page_and_memory()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"long {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await system.FillAsync(room, bob.Name, 50_000, "old", old: true);
        await alice.Page.ReloadAsync();
        await alice.LiveAsync();
        await alice.SeesAsync("old 49999");

        var first = await WholeAsync(alice, "old");
        var grown = new List<double>();
        for (var step = 0; step < 40; step++)
        {
            await ScrollToTopAsync(alice, "old", first);
            first = await WholeAsync(alice, "old");
            grown.Add(await alice.Page.EvaluateAsync<double>("performance.memory.usedJSHeapSize + getDotnetRuntime(0).localHeapViewU8().length"));
        }

        Assert.True(first < 49_999 - 2_000, $"scrolled back to {first} only");
        var nodes = await alice.Page.EvaluateAsync<int>("document.querySelectorAll('*').length");
        Assert.InRange(nodes, 1, MostNodes);
        var frames = await FramesAsync(alice);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{frames.Length} frames of scrolling at message {first}: median {frames[frames.Length / 2]:F1} ms, 95 of 100 within {frames[frames.Length * 95 / 100]:F1} ms, longest {frames[^1]:F1} ms; {nodes} elements; {grown[^1] / 1048576:F0} MB of memory, of which the last twenty steps added {(grown[^1] - grown[^20]) / 1048576:F0}"));
        await BackToNewestAsync(alice, "old 49999");
        await Expect(alice.Message("old 49999")).ToBeInViewportAsync();
        await WholeAsync(alice, "old");
        Assert.True(grown[^1] < 256 * 1024 * 1024, $"{grown[^1]:N0} bytes of script memory");
    }

    private static async Task BackToNewestAsync(Person person, string newest)
    {
        // The button is there only while one is not at the bottom, or while more is there than is shown.
        for (var click = 0; click < 10; click++)
        {
            await person.Page.WaitForFunctionAsync(
                "text => [...document.querySelectorAll('.list .message-body')].some(b => b.textContent.includes(text)) || document.querySelector('[data-testid=newest]')",
                newest, new() { Timeout = 60_000 });
            if (await person.Message(newest).CountAsync() == 1)
            {
                return;
            }

            await person.Page.EvaluateAsync("() => document.querySelector('[data-testid=newest]')?.click()");
        }
    }

    /// <summary>Scrolls up, and down again, a part of a screen with every frame; how long the frames took, in milliseconds, the shortest first.</summary>
    private static Task<double[]> FramesAsync(Person person) => person.Page.EvaluateAsync<double[]>(
        """
        () => new Promise(done => {
          const list = document.querySelector('.list');
          const frames = [];
          let last = performance.now();
          const step = now => {
            frames.push(now - last);
            last = now;
            list.scrollTop += frames.length <= 90 ? -80 : 80;
            if (frames.length < 180) { requestAnimationFrame(step); } else { done(frames.sort((a, b) => a - b)); }
          };
          requestAnimationFrame(step);
        })
        """);

    private static async Task ScrollToTopAsync(Person person, string text, int before)
    {
        await person.Page.EvaluateAsync("() => { document.querySelector('.list').scrollTop = 0; }");
        await person.Page.WaitForFunctionAsync(
            "([text, before]) => { for (const row of document.querySelectorAll('.list .message-body')) { const m = row.textContent.match(text + ' ([0-9]{5})'); if (m) return Number(m[1]) < before; } return false; }",
            new object[] { text, before });
    }

    /// <summary>The numbered messages on the page follow each other without a hole or a double, and are not too many; the first one's number.</summary>
    private static async Task<int> WholeAsync(Person person, string text)
    {
        var texts = await person.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.list .message-body')].map(b => b.textContent)");
        var numbers = texts.Select(t => Regex.Match(t, $"{text} ([0-9]{{5}})"))
            .Where(m => m.Success).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();
        Assert.NotEmpty(numbers);
        Assert.Equal(Enumerable.Range(numbers[0], numbers.Count), numbers);
        Assert.InRange(texts.Length, 1, MostRows);
        return numbers[0];
    }
}
