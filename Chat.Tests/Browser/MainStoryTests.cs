using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class MainStoryTests(BrowserSystem system)
{
    [Fact]
    public async Task Two_people_in_two_browsers_talk_edit_delete_react_reload_and_see_the_same()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"talk {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);

        await alice.SendAsync("hello **bob**");
        await bob.SeesAsync("hello bob");
        await bob.SendAsync("hello alice");
        await alice.SeesAsync("hello alice");
        await alice.ShootAsync("two-people");

        var first = await alice.IdOfAsync("hello bob");
        Assert.Equal(first, await bob.IdOfAsync("hello bob"));
        await bob.ToolAsync(first, "react");
        await bob.Page.Locator(".picker button[data-emoji=\"👍\"]").ClickAsync();
        await Expect(alice.Row(first).Locator(".reaction[data-emoji=\"👍\"]")).ToBeVisibleAsync();

        await alice.ToolAsync(first, "edit");
        await alice.Hook("edit-box").FillAsync("hello everybody");
        await alice.Hook("edit-box").PressAsync("Enter");
        await Expect(bob.Row(first).Locator(".message-body")).ToContainTextAsync("hello everybody");

        var second = await bob.IdOfAsync("hello alice");
        await bob.ToolAsync(second, "delete");
        await bob.Row(second).Locator("[data-testid=confirm]").ClickAsync();
        await Expect(alice.Row(second)).Not.ToContainTextAsync("hello alice");

        var before = await TextsAsync(alice);
        await alice.Page.ReloadAsync();
        await alice.LiveAsync();
        await Expect(alice.Row(first).Locator(".message-body")).ToContainTextAsync("hello everybody");
        await Expect(alice.Row(first).Locator(".reaction[data-emoji=\"👍\"]")).ToBeVisibleAsync();
        await Expect(alice.Row(second)).Not.ToContainTextAsync("hello alice");
        Assert.Equal(before, await TextsAsync(alice));
        Assert.Equal(await TextsAsync(bob), await TextsAsync(alice));
    }

    [Fact]
    public async Task What_is_sent_offline_arrives_once_when_the_network_is_back_even_after_a_reload()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"away {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await alice.SendAsync("before");
        await bob.SeesAsync("before");

        await alice.Page.Context.SetOfflineAsync(true);
        await alice.PhaseAsync("offline");
        await alice.SendAsync("written offline");
        await Expect(alice.Message("written offline")).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("is-sending"));
        await bob.SendAsync("meanwhile");
        await bob.SeesAsync("meanwhile");
        await alice.ShootAsync("offline");

        await alice.Page.Context.SetOfflineAsync(false);
        await alice.LiveAsync();

        await bob.SeesAsync("written offline");
        await alice.SeesAsync("written offline");
        await alice.SeesAsync("meanwhile");
        await alice.Page.ReloadAsync();
        await alice.LiveAsync();
        await alice.SeesAsync("written offline");
        Assert.Equal(await TextsAsync(bob), await TextsAsync(alice));
    }

    [Fact]
    public async Task Three_tabs_of_one_person_show_the_same_and_send_once()
    {
        await using var alice = await system.SignUpAsync();
        var room = await alice.CreateRoomAsync($"tabs {Guid.NewGuid():N}"[..20]);
        var tabs = new List<Person> { alice };
        for (var i = 0; i < 2; i++)
        {
            var tab = new Person(await alice.Page.Context.NewPageAsync(), alice.Name);
            await tab.Page.GotoAsync($"/chat/{room}");
            await tab.LiveAsync();
            await tab.Composer.WaitForAsync();
            tabs.Add(tab);
        }

        for (var i = 0; i < tabs.Count; i++)
        {
            await tabs[i].SendAsync($"from tab {i}");
            foreach (var tab in tabs)
            {
                await tab.SeesAsync($"from tab {i}");
            }
        }

        Assert.All(await Task.WhenAll(tabs.Select(TextsAsync)), texts => Assert.Equal(3, texts.Length));
    }

    [Fact]
    public async Task A_mention_counts_in_another_room_until_it_is_read()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var one = await alice.CreateRoomAsync($"one {Guid.NewGuid():N}"[..20]);
        var two = await alice.CreateRoomAsync($"two {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(one);

        await bob.SendAsync($"ping @{alice.Name} please");
        await Expect(alice.Hook($"room-{one}").Locator(".badge.mention")).ToHaveTextAsync("1");
        await alice.Hook($"room-{one}").ClickAsync();
        await alice.SeesAsync("ping");
        await alice.Hook($"room-{two}").ClickAsync();

        await Expect(alice.Hook($"room-{one}").Locator(".badge")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Unread_and_mentions_are_the_same_in_three_tabs_and_in_another_browser_when_they_come_and_when_they_are_read()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var other = await alice.CreateRoomAsync($"other {Guid.NewGuid():N}"[..20]);
        var room = await alice.CreateRoomAsync($"counted {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(room);
        await alice.Hook($"room-{other}").ClickAsync();
        await using var phone = await system.OpenAsync();
        var elsewhere = new Person(phone.Page, alice.Name);
        await elsewhere.SignInAsync();
        List<Person> all = [alice, elsewhere];
        for (var i = 0; i < 2; i++)
        {
            all.Add(new Person(await alice.Page.Context.NewPageAsync(), alice.Name));
        }

        foreach (var tab in all.Skip(1))
        {
            await tab.Page.GotoAsync($"/chat/{other}");
            await tab.LiveAsync();
            await tab.Composer.WaitForAsync();
        }

        await bob.SendAsync("unread, and no more");
        await EverywhereAsync(".badge", "1");
        await bob.SendAsync($"@{alice.Name} is asked for");
        await EverywhereAsync(".badge.mention", "1");
        await bob.SendAsync($"@{alice.Name}, and again");
        await EverywhereAsync(".badge.mention", "2");
        foreach (var tab in all)
        {
            await Expect(tab.Page).ToHaveTitleAsync("(2) Chat");
        }

        // Read in one tab: read everywhere, also after a reload.
        await all[2].Page.BringToFrontAsync();
        await all[2].Hook($"room-{room}").ClickAsync();
        await all[2].SeesAsync(", and again");
        await EverywhereAsync(".badge", null);
        foreach (var tab in all)
        {
            await Expect(tab.Page).ToHaveTitleAsync("Chat");
        }

        await elsewhere.Page.ReloadAsync();
        await elsewhere.LiveAsync();
        await Expect(elsewhere.Hook($"room-{room}").Locator(".badge")).ToHaveCountAsync(0);

        async Task EverywhereAsync(string badge, string? count)
        {
            foreach (var tab in all)
            {
                var shown = tab.Hook($"room-{room}").Locator(badge);
                await (count is null ? Expect(shown).ToHaveCountAsync(0) : Expect(shown).ToHaveTextAsync(count));
            }
        }
    }

    private static async Task<string[]> TextsAsync(Person person) =>
        [.. (await person.Messages.Locator(".message-body").AllInnerTextsAsync()).Select(t => t.Trim())];
}
