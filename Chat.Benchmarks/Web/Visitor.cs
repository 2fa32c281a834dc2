using Microsoft.Playwright;

namespace Chat.Benchmarks.Web;

/// <summary>Somebody at a browser, by the hooks that the pages have for tests.</summary>
internal sealed class Visitor(IPage page, string name)
{
    public const string Password = "correct horse battery";

    public IPage Page => page;

    public string Name => name;

    public ILocator Composer => Hook("composer");

    public ILocator Hook(string id) => page.Locator($"[data-testid=\"{id}\"]").First;

    public static async Task<Visitor> SignUpAsync(IBrowserContext context, string name, string? displayName = null)
    {
        var visitor = new Visitor(await context.NewPageAsync(), name);
        await visitor.Page.GotoAsync("/sign-up");
        await visitor.Page.FillAsync("input[name=username]", name);
        await visitor.Page.FillAsync("input[name=password]", Password);
        await visitor.Hook("submit").ClickAsync();
        await visitor.LiveAsync();
        if (displayName is not null)
        {
            await context.APIRequest.PatchAsync("/api/auth/me", new() { DataObject = new { displayName } });
        }

        return visitor;
    }

    public async Task LiveAsync() => await page.Locator("[data-testid=connection][data-phase=live]").WaitForAsync(new() { State = WaitForSelectorState.Attached });

    public async Task<string> CreateRoomAsync(string roomName, string? topic = null, string kind = "public")
    {
        var answer = await page.Context.APIRequest.PostAsync("/api/rooms", new() { DataObject = new { name = roomName, topic, kind } });
        return answer.Ok
            ? (await answer.JsonAsync())!.Value.GetProperty("id").GetString()!
            : throw new InvalidOperationException(await answer.TextAsync());
    }

    public async Task SayAsync(string room, string content, string? replyTo = null)
    {
        IAPIResponse answer;
        while ((answer = await page.Context.APIRequest.PostAsync($"/api/rooms/{room}/messages", new() { DataObject = new { content, replyTo } })).Status == 429)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        if (!answer.Ok)
        {
            throw new InvalidOperationException(await answer.TextAsync());
        }
    }
}
