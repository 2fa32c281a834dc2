using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed partial class StartTests(BrowserSystem system)
{
    [Fact]
    public async Task The_last_rooms_and_messages_are_shown_before_the_network_answers_and_nobody_elses()
    {
        await using var alice = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"kept {Guid.NewGuid():N}"[..20]);
        await alice.SendAsync("kept in the browser");
        await alice.SeesAsync("kept in the browser");
        await KeptAsync(alice, room);

        // From here on nothing that the page asks the API is answered.
        await alice.Page.RouteAsync(ApiOrHub(), _ => Task.CompletedTask);
        await alice.Page.ReloadAsync();

        await Expect(alice.Hook($"room-{room}")).ToBeVisibleAsync();
        await Expect(alice.Message("kept in the browser")).ToBeVisibleAsync();
        await Expect(alice.Hook("connection")).Not.ToHaveAttributeAsync("data-phase", "live");

        // Somebody else signs in at the same browser: nothing of hers, though it is still there.
        await alice.Page.Context.ClearCookiesAsync();
        var bob = new Person(alice.Page, alice.Name + "b");
        await bob.Page.GotoAsync("/sign-up");
        await bob.FillAsync(bob.Name, Person.Password);
        await bob.AtAsync("/chat*");
        await Expect(bob.Hook("account")).ToContainTextAsync(bob.Name);
        await Expect(bob.Hook($"room-{room}")).ToHaveCountAsync(0);
        await bob.Page.UnrouteAllAsync(new() { Behavior = UnrouteBehavior.IgnoreErrors });
    }

    [Fact]
    public async Task A_reload_without_a_network_shows_what_was_there_and_what_is_written_then_arrives_later()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"train {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await alice.SendAsync("before the tunnel");
        await bob.SeesAsync("before the tunnel");
        await KeptAsync(alice, room);
        await StartsOfflineAsync(alice);

        await alice.Page.Context.SetOfflineAsync(true);
        await alice.Page.ReloadAsync();
        await alice.PhaseAsync("offline");
        await Expect(alice.Message("before the tunnel")).ToBeVisibleAsync();
        await alice.SendAsync("in the tunnel");
        await Expect(alice.Message("in the tunnel")).ToHaveClassAsync(new Regex("is-sending"));
        await alice.Page.ReloadAsync();
        await Expect(alice.Message("in the tunnel")).ToHaveClassAsync(new Regex("is-sending"));

        await alice.Page.Context.SetOfflineAsync(false);
        await alice.LiveAsync();
        await bob.SeesAsync("in the tunnel");
        await alice.SeesAsync("in the tunnel");
    }

    [Fact]
    public async Task After_signing_out_a_start_without_a_network_shows_nothing_of_the_last_user()
    {
        await using var alice = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"gone {Guid.NewGuid():N}"[..20]);
        await alice.SendAsync("nobody else sees this");
        await alice.SeesAsync("nobody else sees this");
        await KeptAsync(alice, room);
        await StartsOfflineAsync(alice);
        await alice.Page.GotoAsync("/account");
        await alice.Hook("sign-out").ClickAsync();
        // With all that it loads: what is cut off on its way would count as a complaint.
        await alice.AtAsync("/signed-out");
        await alice.Page.WaitForFunctionAsync("() => document.readyState === 'complete'");

        await alice.Page.Context.SetOfflineAsync(true);
        await alice.Page.GotoAsync($"/chat/{room}");
        await alice.PhaseAsync("offline");

        Assert.DoesNotContain("nobody else sees this", await alice.Page.ContentAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await alice.Hook($"room-{room}").CountAsync());
        Assert.Equal(0, await alice.Page.EvaluateAsync<int>(CountKept, alice.Name));
    }

    /// <summary>Until everything that the page loaded is kept for a start without a network.</summary>
    private static Task StartsOfflineAsync(Person person) => UntilAsync(
        person,
        """
        async () => {
          const loaded = performance.getEntriesByType('resource').map(e => e.name).filter(n => /\/(_framework|css|js)\//.test(n));
          return !!await caches.match('/shell') && (await Promise.all(loaded.map(n => caches.match(n, { ignoreVary: true })))).every(kept => kept);
        }
        """);

    private const string CountKept = """
        name => new Promise((resolve, reject) => {
          const open = indexedDB.open('chat');
          open.onerror = () => reject(open.error);
          open.onsuccess = () => {
            const stores = [...open.result.objectStoreNames];
            const all = stores.map(store => open.result.transaction(store).objectStore(store).getAllKeys());
            Promise.all(all.map(r => new Promise(done => { r.onsuccess = () => done(r.result); })))
              .then(keys => { open.result.close(); resolve(keys.flat().filter(k => k.startsWith(name + '/')).length); });
          };
        })
        """;

    /// <summary>Until the local copy has the room with its message: it is written a moment after a change.</summary>
    private static Task KeptAsync(Person person, string room) => UntilAsync(
        person,
        """
        key => new Promise(resolve => {
          const open = indexedDB.open('chat');
          open.onerror = () => resolve(false);
          open.onsuccess = () => {
            const get = open.result.transaction('messages').objectStore('messages').get(key);
            get.onerror = () => resolve(false);
            get.onsuccess = () => { open.result.close(); resolve(!!get.result); };
          };
        })
        """, $"{person.Name}/{room}");

    // WaitForFunctionAsync takes a promise for a yes.
    private static async Task UntilAsync(Person person, string question, object? argument = null)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await person.Page.EvaluateAsync<bool>(question, argument))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), timeout.Token);
        }
    }

    [GeneratedRegex("/(api|hubs)/")]
    private static partial Regex ApiOrHub();
}
