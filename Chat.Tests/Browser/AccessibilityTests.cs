using Chat.Tests.Api;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class AccessibilityTests(BrowserSystem system)
{
    /// <summary>The two color schemes, each also for people who ask the system for more contrast, which is the high-contrast theme.</summary>
    private static readonly (ColorScheme Scheme, Contrast Contrast)[] Looks =
    [
        (ColorScheme.Light, Contrast.NoPreference), (ColorScheme.Dark, Contrast.NoPreference), (ColorScheme.Light, Contrast.More),
        (ColorScheme.Dark, Contrast.More),
    ];

    [Fact]
    public async Task No_screen_and_no_dialog_has_a_violation_that_axe_finds_in_any_theme()
    {
        // A color that is still changing would be measured on its way.
        await using var alice = await system.OpenAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        foreach (var path in new[] { "/sign-in", "/sign-up" })
        {
            await alice.Page.GotoAsync(path);
            await CheckAsync(alice, path);
        }

        await alice.SignUpAsync();
        await alice.LiveAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"axe {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await RoomAsync(alice, bob);
        foreach (var dialog in new[] { "new-room", "browse-rooms", "new-direct", "search", "room-settings" })
        {
            await alice.Hook(dialog).First.ClickAsync();
            await DialogAsync(alice, dialog);
        }

        await alice.Page.Keyboard.PressAsync("Control+k");
        await DialogAsync(alice, "switcher");
        await alice.Page.GotoAsync("/account");
        await alice.Hook("end-session").Or(alice.Hook("display-name")).First.WaitForAsync();
        await CheckAsync(alice, "account");
        Complaints.Expect("404 POST /invites/not-an-invitation");
        Complaints.Expect("404 GET /rooms/no-such-room");
        await alice.Page.GotoAsync("/invite/not-an-invitation");
        await Expect(alice.Page.GetByText("may have expired")).ToBeVisibleAsync();
        await CheckAsync(alice, "invite");
        await alice.Page.GotoAsync("/chat");
        await Expect(alice.Page.GetByText("Choose a room")).ToBeVisibleAsync();
        await CheckAsync(alice, "choose");
        await alice.Page.GotoAsync("/chat/no-such-room");
        await Expect(alice.Page.GetByText("does not exist")).ToBeVisibleAsync();
        await CheckAsync(alice, "no room");
    }

    /// <summary>A room with all that a message can have: a file in the tray, an image, a receipt, a picker, an edit, a question.</summary>
    private static async Task RoomAsync(Person alice, Person bob)
    {
        await alice.SendAsync("a message with `code`, a [link](https://example.org) and @room");
        await bob.SeesAsync("a message with");
        await alice.Hook("file-input").SetInputFilesAsync(new FilePayload { Name = "cat.png", MimeType = "image/png", Buffer = Images.Png(300, 200) });
        await Expect(alice.Hook("tray")).ToContainTextAsync("cat.png");
        await CheckAsync(alice, "tray");
        await alice.SendAsync("with an image");
        await alice.SeesAsync("with an image");
        await Expect(alice.Hook("seen-by")).ToContainTextAsync(bob.Name);
        await CheckAsync(alice, "chat");

        await alice.Page.Locator(".picture").ClickAsync();
        await DialogAsync(alice, "viewer");
        var id = await alice.IdOfAsync("a message with");
        await alice.ToolAsync(id, "react");
        await Expect(alice.Page.Locator(".picker")).ToBeVisibleAsync();
        await CheckAsync(alice, "picker");
        await alice.Page.Locator(".picker button[data-emoji=\"👍\"]").ClickAsync();
        await Expect(alice.Row(id).Locator(".reaction.own")).ToBeVisibleAsync();
        await alice.ToolAsync(id, "delete");
        await CheckAsync(alice, "question");
        await alice.Page.Keyboard.PressAsync("Escape");
        await alice.ToolAsync(id, "edit");
        await Expect(alice.Hook("edit-box")).ToBeFocusedAsync();
        await CheckAsync(alice, "edit");
        await alice.Page.Keyboard.PressAsync("Escape");
        await alice.Hook("emoji").ClickAsync();
        await Expect(alice.Page.Locator(".composer .picker")).ToBeVisibleAsync();
        await CheckAsync(alice, "emoji");
        await alice.Page.Keyboard.PressAsync("Escape");
    }

    private static async Task DialogAsync(Person person, string dialog)
    {
        await Expect(person.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await Expect(person.Page.Locator("dialog .skeleton")).ToHaveCountAsync(0);
        await CheckAsync(person, dialog);
        await person.Page.Keyboard.PressAsync("Escape");
        await Expect(person.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    [Theory]
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

    private static async Task CheckAsync(Person person, string screen)
    {
        foreach (var (scheme, contrast) in Looks)
        {
            var look = contrast == Contrast.More ? $"{scheme}-contrast" : $"{scheme}";
            await person.Page.EmulateMediaAsync(new() { ColorScheme = scheme, Contrast = contrast });
            await person.ShootAsync($"{screen.Trim('/')}-{look}".ToLowerInvariant());
            var found = await person.Page.RunAxe();
            Assert.True(
                found.Violations.Length == 0,
                $"{screen} ({look}): {string.Join("; ", found.Violations.Select(v => $"{v.Id}: {string.Join(", ", v.Nodes.Select(n => n.Html))}"))}");
        }
    }

    private static async Task FitsAsync(Person person) => Assert.True(
        await person.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways");
}
