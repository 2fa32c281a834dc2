using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

/// <summary>What was begun is there again after a reload, and what was chosen holds.</summary>
[Collection(BrowserCollection.Name)]
public sealed class KeptTests(BrowserSystem system)
{
    /// <summary>A page that nobody looks at, and what it shows and plays.</summary>
    private const string Unwatched = """
        window.told = [];
        window.tones = 0;
        Object.defineProperty(document, 'hidden', { get: () => true });
        window.Notification = class {
          static permission = 'granted';
          static requestPermission = async () => 'granted';
          constructor(who, { body }) { window.told.push(body); }
          close() {}
        };
        const make = AudioContext.prototype.createOscillator;
        AudioContext.prototype.createOscillator = function () { window.tones++; return make.call(this); };
        """;

    [Fact]
    public async Task A_text_and_files_not_yet_sent_survive_a_reload_and_leave_with_the_message()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"draft {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await alice.Composer.FillAsync("half a sentence");
        await alice.Hook("file-input").SetInputFilesAsync(new FilePayload { Name = "notes.txt", MimeType = "text/plain", Buffer = "a draft"u8.ToArray() });
        await Expect(alice.Hook("tray")).ToContainTextAsync("notes.txt");
        await Expect(alice.Hook("tray").Locator("progress")).ToHaveCountAsync(0);
        await KeptAsync(alice, 2);

        await alice.Page.ReloadAsync();
        await Expect(alice.Composer).ToHaveValueAsync("half a sentence");
        await Expect(alice.Hook("tray").Locator(".chip")).ToHaveCountAsync(1);
        await Expect(alice.Hook("tray")).ToContainTextAsync("notes.txt");
        await alice.LiveAsync();
        await alice.Composer.PressAsync("Enter");
        await bob.SeesAsync("half a sentence");
        await Expect(bob.Message("half a sentence").Locator(".file-name")).ToHaveTextAsync("notes.txt");
        await KeptAsync(alice, 0);

        await alice.Page.ReloadAsync();
        await alice.LiveAsync();
        await alice.SeesAsync("half a sentence");
        await Expect(alice.Composer).ToHaveValueAsync("");
        await Expect(alice.Hook("tray")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Who_wants_it_breaks_lines_with_Enter_and_sends_with_Ctrl()
    {
        await using var alice = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"enter {Guid.NewGuid():N}"[..20]);
        await alice.Hook("account").ClickAsync();
        await alice.Hook("enter-breaks").ClickAsync();
        await Expect(alice.Hook("enter-breaks")).ToHaveAttributeAsync("aria-pressed", "true");
        await alice.Hook($"room-{room}").ClickAsync();
        await alice.Composer.FocusAsync();

        await alice.Page.Keyboard.TypeAsync("one");
        await alice.Page.Keyboard.PressAsync("Enter");
        await alice.Page.Keyboard.TypeAsync("two");
        await Expect(alice.Composer).ToHaveValueAsync("one\ntwo");
        await Expect(alice.Messages).ToHaveCountAsync(0);
        await alice.Page.Keyboard.PressAsync("Control+Enter");

        await alice.SeesAsync("two");
        await Expect(alice.Composer).ToHaveValueAsync("");
    }

    [Fact]
    public async Task Somebody_who_does_not_look_is_told_of_what_each_room_was_set_to()
    {
        await using var alice = await system.OpenAsync();
        await using var bob = await system.SignUpAsync();
        await alice.Page.AddInitScriptAsync(Unwatched);
        await alice.SignUpAsync();
        await alice.LiveAsync();
        var room = await alice.CreateRoomAsync($"loud {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);

        await SayAsync("not for her", $"@{alice.Name} for her");
        await ChooseAsync("notify-everything");
        await SayAsync("for everybody");
        await ChooseAsync("notify-nothing");
        await SayAsync($"@{alice.Name} unheard");
        await ChooseAsync("notify-mentions");
        await SayAsync("nor this", $"@{alice.Name} at last");

        await alice.Page.WaitForFunctionAsync("() => window.told.length >= 3");
        Assert.Equal([$"@{alice.Name} for her", "for everybody", $"@{alice.Name} at last"], await alice.Page.EvaluateAsync<string[]>("window.told"));
        Assert.Equal(6, await alice.Page.EvaluateAsync<int>("window.tones"));
        await alice.Hook("account").ClickAsync();
        await alice.Hook("sound").UncheckAsync();
        await bob.SendAsync($"@{alice.Name} in silence");
        await alice.Page.WaitForFunctionAsync("() => window.told.length === 4");
        Assert.Equal(6, await alice.Page.EvaluateAsync<int>("window.tones"));

        async Task SayAsync(params string[] texts)
        {
            foreach (var text in texts)
            {
                await bob.SendAsync(text);
                await alice.SeesAsync(text);
            }
        }

        async Task ChooseAsync(string choice)
        {
            await alice.Hook("room-settings").ClickAsync();
            await alice.Hook(choice).ClickAsync();
            await Expect(alice.Hook(choice)).ToHaveAttributeAsync("aria-pressed", "true");
            await alice.Page.Keyboard.PressAsync("Escape");
            await Expect(alice.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        }
    }

    /// <summary>Waits until so many drafts are in the browser's store: written is not yet kept.</summary>
    private static async Task KeptAsync(Person person, int drafts) => await person.Page.WaitForFunctionAsync(
        """
        drafts => new Promise(done => {
          const opening = indexedDB.open('chat');
          opening.onsuccess = () => {
            const keys = opening.result.transaction('settings').objectStore('settings').getAllKeys();
            keys.onsuccess = () => { opening.result.close(); done(keys.result.filter(k => k.includes('/draft')).length === drafts); };
          };
        })
        """,
        drafts);
}
