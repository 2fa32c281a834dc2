using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class SearchTests(BrowserSystem system)
{
    [Fact]
    public async Task What_was_said_is_found_by_words_by_room_and_by_person_and_opens_in_its_place()
    {
        await using var alice = await system.SignUpAsync();
        await using var bob = await system.SignUpAsync();
        var word = $"needle{Guid.NewGuid():N}"[..14];
        var first = await alice.CreateRoomAsync($"find {Guid.NewGuid():N}"[..20]);
        await bob.JoinRoomAsync(first);
        await alice.SendAsync($"the **{word}** of alice");
        await alice.SeesAsync($"the {word} of alice");
        await bob.SendAsync($"the {word} of bob");
        await bob.SeesAsync($"the {word} of bob");
        var second = await alice.CreateRoomAsync($"find {Guid.NewGuid():N}"[..20]);
        await alice.SendAsync($"the {word} elsewhere");
        await alice.SeesAsync($"the {word} elsewhere");

        await alice.Hook("search").ClickAsync();
        await alice.Hook("search-words").FillAsync(word[..10]);
        await FindAsync(alice, 3);

        // Words, not their marks; what was looked for stands out.
        var found = Found(alice);
        await Expect(found.Filter(new() { HasText = $"the {word} of alice" })).ToHaveCountAsync(1);
        await Expect(found.First.Locator("mark")).ToHaveTextAsync(word[..10]);
        await alice.ShootAsync("search");

        await alice.Hook("search-room").SelectOptionAsync(first);
        await Expect(found).ToHaveCountAsync(2);
        await alice.Hook("search-from").FillAsync($"@{bob.Name}");
        await alice.Hook("search-from").PressAsync("Enter");
        await Expect(found).ToHaveCountAsync(1);
        await Expect(found).ToContainTextAsync("of bob");
        await alice.Hook("search-room").SelectOptionAsync(second);
        await Expect(alice.Page.GetByText("Nothing found.")).ToBeVisibleAsync();

        await alice.Hook("search-room").SelectOptionAsync("");
        await found.ClickAsync();
        await alice.AtAsync($"/chat/{first}?m=*");
        await Expect(alice.Message($"the {word} of bob")).ToBeInViewportAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    private static ILocator Found(Person person) => person.Page.Locator("[data-testid^=found-]");

    /// <summary>Asks until all of it is saved: what is on its way to the archive is not found yet.</summary>
    private static async Task FindAsync(Person person, int count)
    {
        for (var attempt = 0; attempt < 100 && await Found(person).CountAsync() < count; attempt++)
        {
            await person.Page.RunAndWaitForResponseAsync(() => person.Hook("search-words").PressAsync("Enter"), "**/api/search**");
            await Expect(Found(person).Or(person.Page.GetByText("Nothing found.")).First).ToBeVisibleAsync();
        }

        await Expect(Found(person)).ToHaveCountAsync(count);
    }
}
