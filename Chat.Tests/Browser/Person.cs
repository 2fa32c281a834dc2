using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Chat.Tests.Browser;

/// <summary>Somebody at a browser: what they see and do, by the hooks that the pages have for tests.</summary>
public sealed class Person(IPage page, string name) : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    public IPage Page => page;

    public string Name => name;

    public ILocator Messages => page.Locator(".message");

    public ILocator Composer => Hook("composer");

    public ILocator Hook(string id) => page.Locator($"[data-testid=\"{id}\"]");

    public ILocator Message(string text) => Messages.Filter(new() { Has = page.Locator(".message-body", new() { HasText = text }) });

    public async Task SignUpAsync()
    {
        await page.GotoAsync("/sign-up");
        await FillAsync(name, Password);
        // Not until every file is there: that it is live says that the page works.
        await AtAsync("/chat*");
    }

    public async Task SignInAsync(string password = Password)
    {
        await page.GotoAsync("/sign-in");
        await FillAsync(name, password);
    }

    public async Task FillAsync(string username, string password)
    {
        await page.FillAsync("input[name=username]", username);
        await page.FillAsync("input[name=password]", password);
        await Hook("submit").ClickAsync();
    }

    /// <summary>
    /// Until the page is at a path; * stands for anything. The browser is asked for it again and again: WaitForURLAsync looks where the page
    /// is, then listens, and never ends when the page moves between the two.
    /// </summary>
    public Task AtAsync(string path) => Assertions.Expect(page).ToHaveURLAsync(
        new Regex($"^[a-z]+://[^/]+{Regex.Escape(path).Replace(@"\*", ".*", StringComparison.Ordinal)}$"), new() { Timeout = 30_000 });

    public Task LiveAsync() => PhaseAsync("live");

    public Task PhaseAsync(string phase) =>
        Assertions.Expect(Hook("connection")).ToHaveAttributeAsync("data-phase", phase, new() { Timeout = 60_000 });

    /// <summary>Creates a public room and opens it; its id.</summary>
    public async Task<string> CreateRoomAsync(string roomName)
    {
        await Hook("new-room").ClickAsync();
        await Hook("room-name").FillAsync(roomName);
        await Hook("create-room").ClickAsync();
        var id = roomName.ToLowerInvariant().Replace(' ', '-');
        try
        {
            await AtAsync($"/chat/{id}*");
        }
        catch (PlaywrightException)
        {
            Assert.Fail($"Not at {id}, in the dialog {await page.EvaluateAsync<string>("() => document.querySelector('[data-testid=room-name]')?.value ?? 'nothing'")}: {await StateAsync()}");
        }

        await Composer.WaitForAsync();
        return id;
    }

    public async Task JoinRoomAsync(string roomId)
    {
        await Hook("browse-rooms").ClickAsync();
        await Hook($"join-{roomId}").ClickAsync();
        await AtAsync($"/chat/{roomId}*");
        await Composer.WaitForAsync();
    }

    public async Task SendAsync(string text)
    {
        await Composer.FillAsync(text);
        await Composer.PressAsync("Enter");
    }

    /// <summary>Waits until the message is shown exactly once and no longer on its way.</summary>
    public async Task SeesAsync(string text)
    {
        try
        {
            await Assertions.Expect(Message(text)).ToHaveCountAsync(1, new() { Timeout = 30_000 });
            await Assertions.Expect(Message(text)).Not.ToHaveClassAsync(new Regex("is-sending|is-failed"), new() { Timeout = 30_000 });
        }
        catch (PlaywrightException e)
        {
            Assert.Fail($"{name} does not see \"{text}\": {e.Message}\n{await StateAsync()}");
        }
    }

    /// <summary>What the page is like, to be said by a test that fails.</summary>
    public async Task<string> StateAsync() => $"{page.Url}, the focus on {await page.EvaluateAsync<string>("() => document.activeElement?.outerHTML.slice(0, 200) ?? 'nothing'")}, "
        + $"unsent {await page.EvaluateAsync<string>("() => JSON.stringify(document.querySelector('[data-testid=composer]')?.value ?? null)")}\n"
        + $"{await page.Locator("body").InnerTextAsync()}\n{string.Join(" | ", Complaints.All)}";

    public async Task<string> IdOfAsync(string text) => (await Message(text).GetAttributeAsync("data-id"))!;

    public ILocator Row(string id) => page.Locator($".message[data-id=\"{id}\"]");

    /// <summary>Uses one of a row's tools, which show when it is pointed at.</summary>
    public async Task ToolAsync(string id, string tool)
    {
        await Row(id).HoverAsync();
        await Row(id).Locator($"[data-testid=\"{tool}\"]").ClickAsync();
    }

    /// <summary>For a look: saved where CHAT_SCREENSHOTS says, else nowhere.</summary>
    public async Task ShootAsync(string shot)
    {
        if (Environment.GetEnvironmentVariable("CHAT_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{shot}.png") });
        }
    }

    public async ValueTask DisposeAsync() => await page.Context.DisposeAsync();
}
