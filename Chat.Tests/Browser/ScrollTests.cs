using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class ScrollTests(BrowserSystem system)
{
    private const int Messages = 160;

    /// <summary>Every frame, how far the row that was under the eye has moved since it was first looked at.</summary>
    private const string Watch = """
        () => {
          const list = document.querySelector('.list');
          list.scrollTop = list.clientHeight;
          window.watched = { most: 0, frames: 0 };
          requestAnimationFrame(() => requestAnimationFrame(() => {
            const top = list.getBoundingClientRect().top;
            const row = [...list.querySelectorAll('.message[data-id]')].find(r => r.getBoundingClientRect().top >= top);
            const id = row.dataset.id;
            const start = row.getBoundingClientRect().top - top;
            window.watched.id = id;
            const look = () => {
              const now = list.querySelector(`.message[data-id="${id}"]`);
              const moved = now ? Math.abs(now.getBoundingClientRect().top - list.getBoundingClientRect().top - start) : 9999;
              window.watched.most = Math.max(window.watched.most, moved);
              window.watched.frames++;
              requestAnimationFrame(look);
            };
            look();
          }));
        }
        """;

    [Fact]
    public async Task The_row_under_the_eye_stays_while_history_loads_a_message_is_edited_and_the_window_resizes()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"scroll {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await Task.WhenAll(SayAsync(alice, room, Messages / 2), SayAsync(bob, room, Messages / 2));
        await alice.Page.ReloadAsync();
        await alice.LiveAsync();
        await Expect(alice.Messages.Last).ToBeInViewportAsync();
        var oldest = await alice.Messages.First.GetAttributeAsync("data-id");

        await alice.Page.EvaluateAsync(Watch);
        await alice.Page.WaitForFunctionAsync("() => window.watched.frames > 2");
        await Expect(alice.Messages.First).Not.ToHaveAttributeAsync("data-id", oldest!);
        await NoJumpAsync(alice, "older messages were loaded");

        // Above the row under the eye, one that is in the page: it grows by many lines.
        var above = await alice.Page.EvaluateAsync<string>(
            "() => { const all = [...document.querySelectorAll('.message.mine[data-id]')]; const eye = document.querySelector(`.message[data-id=\"${window.watched.id}\"]`); " +
            "return all.filter(r => r.compareDocumentPosition(eye) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1).dataset.id; }");
        var edit = await alice.Page.Context.APIRequest.PatchAsync(
            $"/api/rooms/{room}/messages/{above}", new() { DataObject = new { content = string.Join('\n', Enumerable.Repeat("longer", 12)) } });
        Assert.True(edit.Ok, await edit.TextAsync());
        await Expect(alice.Row(above)).ToContainTextAsync("longer");
        await NoJumpAsync(alice, "a message above was edited");

        await alice.Page.SetViewportSizeAsync(900, 720);
        await alice.Page.WaitForFunctionAsync("() => document.documentElement.clientWidth === 900");
        await NoJumpAsync(alice, "the window was resized");
    }

    [Fact]
    public async Task New_messages_follow_at_the_bottom_and_are_counted_while_one_reads_above()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"follow {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await Task.WhenAll(SayAsync(alice, room, 20), SayAsync(bob, room, 20));
        await bob.SendAsync("at the bottom");
        await alice.SeesAsync("at the bottom");
        await Expect(alice.Message("at the bottom")).ToBeInViewportAsync();

        await alice.Page.EvaluateAsync("() => { document.querySelector('.list').scrollTop = 0; }");
        await Expect(alice.Hook("newest")).ToBeVisibleAsync();
        await bob.SendAsync("while reading above");
        await Expect(alice.Hook("newest")).ToContainTextAsync("1");
        await Expect(alice.Message("while reading above")).Not.ToBeInViewportAsync();

        await alice.Hook("newest").ClickAsync();
        await Expect(alice.Message("while reading above")).ToBeInViewportAsync();
    }

    [Theory]
    [InlineData("before", "list.scrollTop = 0; change();")]
    [InlineData("after", "change(); await null; list.scrollTop = 0;")]
    [InlineData("between", "change(); await null; list.scrollTop = 0; change(); await null;")]
    public async Task A_scroll_counts_when_the_list_changes_in_the_same_frame(string when, string scroll)
    {
        await using var alice = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"{when} {Guid.NewGuid():N}"[..20]);
        await SayAsync(alice, room, 20);
        await alice.Page.SetViewportSizeAsync(900, 480);
        await Expect(alice.Messages.Last).ToContainTextAsync("message 19");
        await Expect(alice.Messages.Last).ToBeInViewportAsync();

        // At the end comes a change, as a message that arrives would make it.
        var top = await alice.Page.EvaluateAsync<double>($$"""
            async () => {
              const list = document.querySelector('.list');
              const frame = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
              const change = () => { const line = document.createElement('p'); list.firstElementChild.append(line); line.remove(); };
              await frame();
              {{scroll}}
              await frame();
              await frame();
              change();
              await frame();
              return list.scrollTop;
            }
            """);
        Assert.Equal(0, top);
    }

    private static async Task NoJumpAsync(Person person, string after)
    {
        var frames = await person.Page.EvaluateAsync<int>("() => window.watched.frames");
        await person.Page.WaitForFunctionAsync("frames => window.watched.frames > frames + 10", frames);
        var most = await person.Page.EvaluateAsync<double>("() => window.watched.most");
        Assert.True(most <= 1, $"moved by {most} px when {after}");
    }

    private static async Task SayAsync(Person person, string room, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var answer = await person.Page.Context.APIRequest.PostAsync(
                $"/api/rooms/{room}/messages", new() { DataObject = new { content = $"message {i} of {person.Name}", clientId = $"{person.Name}-{i}" } });
            if (answer.Status == 429)
            {
                // The rate limit: the same again, which is no second message.
                await Task.Delay(TimeSpan.FromMilliseconds(200));
                i--;
            }
            else
            {
                Assert.True(answer.Ok, await answer.TextAsync());
            }
        }
    }
}
