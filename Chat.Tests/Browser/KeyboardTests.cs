using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

/// <summary>Everything that one does all day, without a mouse.</summary>
[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class KeyboardTests(BrowserSystem system)
{
    /// <summary>The list of rooms to join has those of all tests.</summary>
    private const int MostPresses = 150;

    [Fact]
    public async Task Somebody_without_a_mouse_signs_in_and_does_everything_in_a_room()
    {
        await using var bob = await system.SignUpAsync();
        await using var alice = await system.OpenAsync();
        await RegisterAsync(alice);
        var keys = alice.Page.Keyboard;
        await alice.LiveAsync();

        // A room of her own, then one of his.
        var home = $"home {Guid.NewGuid():N}"[..20];
        await TabToAsync(alice, alice.Hook("new-room"));
        await keys.PressAsync("Enter");
        await Expect(alice.Hook("room-name")).ToBeFocusedAsync();
        await keys.TypeAsync(home);
        await keys.PressAsync("Enter");
        await alice.AtAsync($"/chat/{home.Replace(' ', '-')}");
        await Expect(alice.Composer).ToBeFocusedAsync();
        var room = await bob.CreateRoomAsync($"keys {Guid.NewGuid():N}"[..20]);
        await bob.SendAsync("from bob");
        await bob.SeesAsync("from bob");
        await TabToAsync(alice, alice.Hook("browse-rooms"), backwards: true);
        await keys.PressAsync("Enter");
        await TabToAsync(alice, alice.Hook($"join-{room}"));
        await keys.PressAsync("Enter");
        await alice.AtAsync($"/chat/{room}");
        await Expect(alice.Composer).ToBeFocusedAsync();

        foreach (var text in new[] { "first of mine", "second of mine" })
        {
            await keys.TypeAsync(text);
            await keys.PressAsync("Enter");
            await alice.SeesAsync(text);
        }

        await alice.SeesAsync("from bob");
        await MessagesAsync(alice, room, "from bob", "first of mine", "second of mine");
        await FindAsync(alice, room);
        await AttachAsync(alice);
        await SettleAsync(alice, room, home);
    }

    private static async Task RegisterAsync(Person alice)
    {
        await alice.Page.GotoAsync("/sign-up");
        await TabToAsync(alice, alice.Page.Locator("input[name=username]"));
        await alice.Page.Keyboard.TypeAsync(alice.Name);
        await TabToAsync(alice, alice.Page.Locator("input[name=password]"));
        await alice.Page.Keyboard.TypeAsync(Person.Password);
        await alice.Page.Keyboard.PressAsync("Enter");
        await alice.AtAsync("/chat*");
    }

    /// <summary>From message to message; a reaction, an edit and a deletion on the way.</summary>
    private static async Task MessagesAsync(Person alice, string room, string theirs, string first, string second)
    {
        var keys = alice.Page.Keyboard;
        var (their, one, two) = (await alice.IdOfAsync(theirs), await alice.IdOfAsync(first), await alice.IdOfAsync(second));
        await TabToAsync(alice, alice.Page.Locator(".list"), backwards: true);
        await keys.PressAsync("Home");
        await Expect(alice.Messages.First).ToBeFocusedAsync();
        await MoveToAsync(alice, their);
        await keys.PressAsync("+");
        await Expect(alice.Page.Locator(".picker button").First).ToBeFocusedAsync();
        await keys.PressAsync("Enter");
        await Expect(alice.Row(their).Locator(".reaction.own")).ToHaveCountAsync(1);
        await Expect(alice.Row(their)).ToBeFocusedAsync();

        await MoveToAsync(alice, one);
        await keys.PressAsync("e");
        await Expect(alice.Hook("edit-box")).ToBeFocusedAsync();
        await keys.PressAsync("End");
        await keys.TypeAsync(", edited");
        await keys.PressAsync("Enter");
        await Expect(alice.Row(one).Locator(".message-body")).ToContainTextAsync("first of mine, edited");
        await Expect(alice.Row(one)).ToBeFocusedAsync();

        await MoveToAsync(alice, two);
        await keys.PressAsync("Delete");
        await Expect(alice.Hook("confirm")).ToBeFocusedAsync();
        await keys.PressAsync("Enter");
        await Expect(alice.Row(two)).Not.ToContainTextAsync("second of mine");
        await Expect(alice.Row(two)).ToBeFocusedAsync();

        await MoveToAsync(alice, their);
        await keys.PressAsync("r");
        await Expect(alice.Composer).ToBeFocusedAsync();
        await keys.TypeAsync("an answer");
        await keys.PressAsync("Enter");
        await alice.SeesAsync("an answer");
        Assert.Contains(room, alice.Page.Url, StringComparison.Ordinal);
    }

    private static async Task FindAsync(Person alice, string room)
    {
        var keys = alice.Page.Keyboard;
        await keys.PressAsync("Control+Shift+F");
        await Expect(alice.Hook("search-words")).ToBeFocusedAsync();
        await keys.TypeAsync("edited");
        var found = alice.Page.Locator("[data-testid^=found-]");
        for (var attempt = 0; attempt < 100 && await found.CountAsync() == 0; attempt++)
        {
            // An edit is found once it is saved.
            await alice.Page.RunAndWaitForResponseAsync(() => keys.PressAsync("Enter"), "**/api/search**");
            await Expect(found.Or(alice.Page.GetByText("Nothing found.")).First).ToBeVisibleAsync();
        }

        await TabToAsync(alice, found.First);
        await keys.PressAsync("Enter");
        await alice.AtAsync($"/chat/{room}?m=*");
        await Expect(alice.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(alice.Message("first of mine, edited")).ToBeInViewportAsync();
    }

    private static async Task AttachAsync(Person alice)
    {
        await TabToAsync(alice, alice.Hook("attach"));
        await Expect(alice.Hook("attach")).ToBeFocusedAsync();
        var chooser = await alice.Page.RunAndWaitForFileChooserAsync(() => alice.Page.Keyboard.PressAsync("Enter"));
        await chooser.SetFilesAsync(new FilePayload { Name = "notes.txt", MimeType = "text/plain", Buffer = "by keys"u8.ToArray() });
        await Expect(alice.Hook("tray").Locator(".chip")).ToHaveCountAsync(1);
        await TabToAsync(alice, alice.Composer);
        await alice.Page.Keyboard.PressAsync("Enter");
        await Expect(alice.Page.Locator(".message .file-name", new() { HasText = "notes.txt" })).ToBeVisibleAsync();
    }

    /// <summary>The room's settings and one's own; then the room is left, and the chat.</summary>
    private static async Task SettleAsync(Person alice, string room, string home)
    {
        var keys = alice.Page.Keyboard;
        await TabToAsync(alice, alice.Hook("room-settings"));
        await keys.PressAsync("Enter");
        await Expect(alice.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await keys.PressAsync("Escape");
        await Expect(alice.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(alice.Hook("room-settings")).ToBeFocusedAsync();

        await TabToAsync(alice, alice.Hook("account"), backwards: true);
        await keys.PressAsync("Enter");
        await TabToAsync(alice, alice.Hook("theme-dark"));
        await keys.PressAsync("Space");
        await Expect(alice.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");

        await keys.PressAsync("Control+k");
        await Expect(alice.Hook("switcher")).ToBeFocusedAsync();
        await keys.TypeAsync(home);
        await Expect(alice.Page.Locator("#switcher-list .chosen")).ToContainTextAsync(home);
        await keys.PressAsync("Enter");
        await alice.AtAsync($"/chat/{home.Replace(' ', '-')}");
        await Expect(alice.Composer).ToBeFocusedAsync();

        await TabToAsync(alice, alice.Hook($"room-{room}"), backwards: true);
        await keys.PressAsync("Enter");
        await alice.AtAsync($"/chat/{room}");
        await TabToAsync(alice, alice.Hook("room-settings"));
        await keys.PressAsync("Enter");
        await TabToAsync(alice, alice.Hook("leave"));
        await keys.PressAsync("Enter");
        await Expect(alice.Hook($"room-{room}")).ToHaveCountAsync(0);
        await TabToAsync(alice, alice.Hook("account"));
        await keys.PressAsync("Enter");
        await TabToAsync(alice, alice.Hook("sign-out"));
        await keys.PressAsync("Enter");
        await alice.AtAsync("/signed-out");
    }

    /// <summary>Presses the tabulator until the element has the focus, as often as somebody would bear.</summary>
    private static async Task TabToAsync(Person person, ILocator target, bool backwards = false)
    {
        await target.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        for (var presses = 0; presses < MostPresses; presses++)
        {
            if (await target.EvaluateAsync<bool>("e => e === document.activeElement"))
            {
                return;
            }

            await person.Page.Keyboard.PressAsync(backwards ? "Shift+Tab" : "Tab");
        }

        Assert.Fail($"{MostPresses} presses of the tabulator do not lead to {target}; the focus is on {await person.Page.EvaluateAsync<string>("document.activeElement.outerHTML.slice(0, 200)")}");
    }

    private static async Task MoveToAsync(Person person, string id)
    {
        // Up to the first, then down: every message is passed.
        await person.Page.Keyboard.PressAsync("Home");
        for (var moves = 0; moves < 20 && !await person.Row(id).EvaluateAsync<bool>("e => e === document.activeElement"); moves++)
        {
            await person.Page.Keyboard.PressAsync("ArrowDown");
        }

        await Expect(person.Row(id)).ToBeFocusedAsync();
    }
}
