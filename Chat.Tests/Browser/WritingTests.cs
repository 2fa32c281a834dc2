using Chat.Contracts;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class WritingTests(BrowserSystem system)
{
    [Fact]
    public async Task A_text_that_is_too_long_is_kept_whole_said_so_and_can_go_as_a_file()
    {
        await using var alice = await system.SignUpAsync();
        await alice.CreateRoomAsync($"long {Guid.NewGuid():N}"[..20]);
        var text = new string('x', Limits.ContentMax + 100);

        await alice.Composer.FillAsync(text);
        await Expect(alice.Hook("length")).ToHaveTextAsync("4,100 / 4,000");
        await alice.Composer.PressAsync("Enter");

        await Expect(alice.Hook("as-file")).ToBeVisibleAsync();
        await Expect(alice.Composer).ToHaveValueAsync(text);
        await Expect(alice.Messages).ToHaveCountAsync(0);
        await alice.ShootAsync("too-long");

        await alice.Hook("as-file").ClickAsync();
        await Expect(alice.Hook("tray").Locator(".chip")).ToContainTextAsync("message.txt");
        await Expect(alice.Composer).ToHaveValueAsync("");
        await alice.SendAsync("see there");
        await alice.SeesAsync("see there");
        // Fetched, not saved by the browser: its window for downloads would take the keys of the tests after this one.
        var address = await alice.Page.Locator(".message a.file").GetAttributeAsync("href");
        var file = await alice.Page.APIRequest.GetAsync(address!);
        Assert.Equal(text, await file.TextAsync());

        // An edit, too, is kept and not cut off.
        await alice.ToolAsync(await alice.IdOfAsync("see there"), "edit");
        await alice.Hook("edit-box").FillAsync(text);
        await alice.Hook("edit-box").PressAsync("Enter");
        await Expect(alice.Hook("edit-box")).ToHaveValueAsync(text);
        await Expect(alice.Hook("length")).ToHaveTextAsync("4,100 / 4,000");
    }

    [Fact]
    public async Task An_emoji_is_picked_into_the_text_where_the_cursor_is_and_everybody_is_offered_as_the_room()
    {
        await using var alice = await system.SignUpAsync();
        await alice.CreateRoomAsync($"emoji {Guid.NewGuid():N}"[..20]);

        await alice.Composer.FillAsync("onetwo");
        await alice.Composer.EvaluateAsync("box => box.setSelectionRange(3, 3)");
        await alice.Hook("emoji").ClickAsync();
        await alice.ShootAsync("emoji-picker");
        await alice.Page.Locator(".composer .picker button[data-emoji=\"🎉\"]").ClickAsync();
        await Expect(alice.Composer).ToHaveValueAsync("one🎉two");
        await Expect(alice.Composer).ToBeFocusedAsync();
        await Expect(alice.Page.Locator(".composer .picker")).ToHaveCountAsync(0);

        await alice.Hook("emoji").ClickAsync();
        await alice.Page.Keyboard.PressAsync("Escape");
        await Expect(alice.Page.Locator(".composer .picker")).ToHaveCountAsync(0);
        await Expect(alice.Composer).ToBeFocusedAsync();
        await alice.Page.Keyboard.PressAsync("Enter");
        await alice.SeesAsync("one🎉two");

        await alice.Page.Keyboard.TypeAsync("@roo");
        await Expect(alice.Page.Locator("#choices li")).ToContainTextAsync("everybody here");
        await alice.Page.Keyboard.PressAsync("Enter");
        await Expect(alice.Composer).ToHaveValueAsync("@room ");

        // Written out it is sent with the first Enter.
        await alice.Composer.FillAsync("");
        await alice.Page.Keyboard.TypeAsync("all of @room");
        await Expect(alice.Page.Locator("#choices")).ToHaveCountAsync(0);
        await alice.Page.Keyboard.PressAsync("Enter");
        await alice.SeesAsync("all of @room");
    }

    [Fact]
    public async Task An_answer_to_something_long_ago_shows_what_it_answers()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"quote {Guid.NewGuid():N}"[..20]);
        await alice.SendAsync("the **question** of long ago");
        await alice.SeesAsync("the question of long ago");
        var question = await alice.IdOfAsync("the question of long ago");
        await alice.ToolAsync(question, "reply");
        await system.FillAsync(room, alice.Name, 150, "since then");
        await alice.SendAsync("the answer");
        await alice.SeesAsync("the answer");

        await bob.JoinRoomAsync(room);
        await bob.SeesAsync("the answer");

        await Expect(bob.Message("the answer").Locator(".reply-to")).ToContainTextAsync("the question of long ago");
        await Expect(bob.Row(question)).ToHaveCountAsync(0);
        await bob.Message("the answer").Locator(".reply-to").ClickAsync();
        await Expect(bob.Row(question)).ToBeInViewportAsync();
    }
}
