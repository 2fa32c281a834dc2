using Chat.Tests.Api;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class AttachmentTests(BrowserSystem system)
{
    /// <summary>What a drag from the desktop, or a paste of a screenshot, gives to the page.</summary>
    private const string Bring = """
        (target, [event, base64]) => {
          const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], `${event}.png`, { type: 'image/png' }));
          target.dispatchEvent(event === 'paste'
            ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
        }
        """;

    /// <summary>How far the last row that has text moves, frame by frame.</summary>
    private const string Watch = """
        () => {
          const row = [...document.querySelectorAll('.message[data-id]')].at(-1);
          const list = document.querySelector('.list');
          window.watched = { most: 0, frames: 0, id: row.dataset.id };
          const place = () => {
            const now = list.querySelector(`.message[data-id="${row.dataset.id}"]`);
            return now.getBoundingClientRect().top - list.scrollHeight + list.scrollTop;
          };
          let start = null;
          const look = () => {
            const image = document.querySelector('.picture img');
            if (image) {
              start ??= place();
              window.watched.most = Math.max(window.watched.most, Math.abs(place() - start));
            }
            window.watched.loaded = image?.complete && image.naturalWidth > 0;
            window.watched.frames++;
            requestAnimationFrame(look);
          };
          look();
        }
        """;

    [Fact]
    public async Task An_image_is_seen_by_both_moves_nothing_while_it_loads_and_stays_after_a_reload()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"images {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await alice.SendAsync("before the image");
        await bob.SeesAsync("before the image");

        // Once not at all, then slowly, so that there is time to move in.
        var asked = 0;
        await bob.Page.RouteAsync("**/files/**", async route =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                await route.AbortAsync("internetdisconnected");
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500));
            await route.ContinueAsync();
        });
        await bob.Page.EvaluateAsync(Watch);
        await alice.Hook("file-input").SetInputFilesAsync(new FilePayload { Name = "cat.png", MimeType = "image/png", Buffer = Images.Png(800, 600) });
        await Expect(alice.Hook("tray")).ToContainTextAsync("cat.png");
        await alice.ShootAsync("attachments-tray");
        await CleanAsync(alice, "tray");
        await alice.SendAsync("");

        await ShownAsync(alice, 1);
        await ShownAsync(bob, 1);
        await Expect(alice.Hook("tray")).ToHaveCountAsync(0);
        await Expect(alice.Hook("seen-by")).ToContainTextAsync(bob.Name);
        var moved = await bob.Page.EvaluateAsync<double>("() => window.watched.most");
        Assert.True(moved <= 1, $"the row above moved by {moved} px while the image came");

        // Opened large, by the keyboard alone.
        await alice.Page.Locator(".picture").FocusAsync();
        await alice.Page.Keyboard.PressAsync("Enter");
        await Expect(alice.Page.Locator("dialog.viewer img")).ToBeVisibleAsync();
        await alice.ShootAsync("attachments-viewer");
        await CleanAsync(alice, "viewer");
        await alice.Page.Keyboard.PressAsync("Escape");
        await Expect(alice.Page.Locator("dialog.viewer")).ToHaveCountAsync(0);

        await alice.Page.ReloadAsync();
        await alice.LiveAsync();
        await ShownAsync(alice, 1);
    }

    [Fact]
    public async Task What_is_pasted_and_dropped_without_a_network_is_sent_once_when_it_is_back()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"offline {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await alice.SendAsync("online");
        await bob.SeesAsync("online");

        await alice.Page.Context.SetOfflineAsync(true);
        await alice.PhaseAsync("offline");
        var image = Convert.ToBase64String(Images.Png(320, 200));
        await alice.Composer.EvaluateAsync(Bring, new[] { "paste", image });
        await Expect(alice.Hook("tray")).ToContainTextAsync("paste.png");
        await alice.Page.Locator(".list").EvaluateAsync(Bring, new[] { "drop", image });
        await Expect(alice.Hook("tray")).ToContainTextAsync("drop.png");
        await alice.SendAsync("two images");
        await Expect(alice.Message("two images").Locator(".picture img")).ToHaveCountAsync(2);
        await alice.Page.Context.SetOfflineAsync(false);

        await alice.SeesAsync("two images");
        await bob.SeesAsync("two images");
        await ShownAsync(bob, 2);
        await ShownAsync(alice, 2);
        await CleanAsync(bob, "message with images");
        await bob.Page.ReloadAsync();
        await bob.LiveAsync();
        await ShownAsync(bob, 2);
        await alice.ShootAsync("attachments");
    }

    /// <summary>So many images, loaded from the server, and nothing on its way.</summary>
    private static async Task ShownAsync(Person person, int count)
    {
        await Expect(person.Page.Locator(".message:not(.is-sending) .picture img")).ToHaveCountAsync(count);
        await person.Page.WaitForFunctionAsync(
            "count => [...document.querySelectorAll('.picture img')].filter(i => i.complete && i.naturalWidth > 0 && i.src.includes('/api/rooms/')).length === count", count);
    }

    private static async Task CleanAsync(Person person, string screen)
    {
        var found = await person.Page.RunAxe();
        Assert.True(
            found.Violations.Length == 0,
            $"{screen}: {string.Join("; ", found.Violations.Select(v => $"{v.Id}: {string.Join(", ", v.Nodes.Select(n => n.Html))}"))}");
    }
}
