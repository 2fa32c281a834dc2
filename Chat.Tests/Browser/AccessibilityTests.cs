using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class AccessibilityTests(BrowserSystem system)
{
    [SkippableTheory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task No_screen_has_a_violation_that_axe_finds(ColorScheme scheme)
    {
        await using var alice = await system.OpenAsync(new() { ColorScheme = scheme });
        foreach (var path in new[] { "/sign-in", "/sign-up" })
        {
            await alice.Page.GotoAsync(path);
            await CheckAsync(alice, path, scheme);
        }

        await alice.SignUpAsync();
        await alice.LiveAsync();
        var room = await alice.CreateRoomAsync($"axe {Guid.NewGuid():N}"[..20]);
        await alice.SendAsync("a message with `code`, a [link](https://example.org) and @room");
        await alice.SeesAsync("a message with");
        await CheckAsync(alice, "chat", scheme);
        foreach (var dialog in new[] { "new-room", "browse-rooms", "search" })
        {
            await alice.Hook(dialog).First.ClickAsync();
            await Expect(alice.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
            await CheckAsync(alice, dialog, scheme);
            await alice.Page.Keyboard.PressAsync("Escape");
            await Expect(alice.Page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        }

        await alice.Page.GotoAsync("/account");
        await alice.Hook("display-name").WaitForAsync();
        await CheckAsync(alice, "account", scheme);
        Assert.NotEmpty(room);
    }

    [SkippableTheory]
    [InlineData(360, 640)]
    [InlineData(2560, 1440)]
    public async Task A_phone_and_a_wide_screen_show_everything_without_scrolling_sideways(int width, int height)
    {
        await using var alice = await system.SignUpAsync();
        await alice.CreateRoomAsync($"narrow {Guid.NewGuid():N}"[..20]);
        await alice.Page.SetViewportSizeAsync(width, height);
        await alice.SendAsync($"a word that does not end: {new string('x', 300)}");
        await alice.SeesAsync("a word that does not end");
        await FitsAsync(alice);
        await alice.ShootAsync($"chat-{width}");
        await alice.Page.GotoAsync("/account");
        await alice.Hook("display-name").WaitForAsync();
        await FitsAsync(alice);
        await using var guest = await system.OpenAsync(new() { ViewportSize = new() { Width = width, Height = height } });
        await guest.Page.GotoAsync("/sign-in");
        await FitsAsync(guest);
    }

    private static async Task CheckAsync(Person person, string screen, ColorScheme scheme)
    {
        await person.ShootAsync($"{screen.Trim('/')}-{scheme}".ToLowerInvariant());
        var found = await person.Page.RunAxe();
        Assert.True(
            found.Violations.Length == 0,
            $"{screen}: {string.Join("; ", found.Violations.Select(v => $"{v.Id}: {string.Join(", ", v.Nodes.Select(n => n.Html))}"))}");
    }

    private static async Task FitsAsync(Person person) => Assert.True(
        await person.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways");
}
