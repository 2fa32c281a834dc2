using Microsoft.Playwright;

namespace Chat.Benchmarks.Web;

/// <summary>
/// Takes a picture of every screen, light and dark, on a phone, a desktop and a wide screen, with people in it:
/// <c>dotnet run -c Release --project Chat.Benchmarks -- screenshots FOLDER</c>.
/// </summary>
internal static class Screenshots
{
    private static readonly (string Name, int Width, int Height)[] Sizes = [("desktop", 1280, 800), ("phone", 360, 740), ("wide", 2560, 1440)];
    private static readonly string[] Dialogs = ["new-room", "browse-rooms", "new-direct"];

    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args is not [var folder])
        {
            Console.Error.WriteLine("screenshots FOLDER");
            return 2;
        }

        Directory.CreateDirectory(folder);
        await using var system = await WebSystem.StartAsync();
        var room = await Workspace.SetUpAsync(system);
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            foreach (var size in Sizes)
            {
                await using var context = await system.OpenAsync(options: new()
                {
                    ColorScheme = scheme,
                    ViewportSize = new() { Width = size.Width, Height = size.Height },
                    ReducedMotion = ReducedMotion.Reduce,
                    HasTouch = size.Width < 760,
                    TimezoneId = "Europe/Berlin",
                });
                var camera = new Camera(await context.NewPageAsync(), folder, $"{size.Name}-{scheme}".ToLowerInvariant());
                await FormsAsync(camera);
                await ChatAsync(camera, room);
                if (size.Width <= 1280)
                {
                    await EmptyAsync(system, camera, scheme, size);
                }
            }
        }

        return 0;
    }

    private static async Task FormsAsync(Camera camera)
    {
        foreach (var path in (string[])["sign-up", "signed-out", "sign-in"])
        {
            await camera.Page.GotoAsync("/" + path);
            await camera.ShootAsync(path);
        }

        await SignInAsync(camera.Page, "maria", "this is not it");
        await camera.Page.Locator(".problem").WaitForAsync();
        await camera.ShootAsync("sign-in-refused");
        await SignInAsync(camera.Page, "maria", Visitor.Password);
    }

    private static async Task SignInAsync(IPage page, string username, string password)
    {
        await page.FillAsync("input[name=username]", username);
        await page.FillAsync("input[name=password]", password);
        await page.Locator("[data-testid=submit]").ClickAsync();
    }

    private static async Task ChatAsync(Camera camera, string room)
    {
        var page = camera.Page;
        var person = new Visitor(page, "maria");
        await person.LiveAsync();
        await camera.ShootAsync("choose-a-room");
        await page.GotoAsync($"/chat/{room}");
        await page.Locator(".message[data-id]").Last.WaitForAsync();
        await page.Locator("[data-testid=connection]", new() { HasText = "Live" }).WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await camera.ShootAsync("chat");
        await person.Composer.FillAsync("Thanks @");
        await page.Locator(".choices").WaitForAsync();
        await camera.ShootAsync("completion");
        await person.Composer.FillAsync("");
        var own = page.Locator(".message.mine[data-id]").Last;
        await ToolAsync(own, "react");
        await page.Locator(".picker").WaitForAsync();
        await camera.ShootAsync("emoji");
        await ToolAsync(own, "react");
        await ToolAsync(own, "edit");
        await page.Locator("[data-testid=edit-box]").WaitForAsync();
        await camera.ShootAsync("edit");
        await page.Keyboard.PressAsync("Escape");
        await ToolAsync(page.Locator(".message[data-id]").Nth(-3), "reply");
        await camera.ShootAsync("reply");
        foreach (var dialog in Dialogs)
        {
            if (await page.Locator(".menu").First.IsVisibleAsync())
            {
                await page.Locator(".menu").First.ClickAsync();
                await camera.ShootAsync("menu");
            }

            await person.Hook(dialog).ClickAsync();
            await camera.DialogAsync(dialog);
        }

        await page.Keyboard.PressAsync("Control+k");
        await camera.DialogAsync("switcher");
        await page.Keyboard.PressAsync("Control+Shift+f");
        await page.Locator("[data-testid=search-words]").FillAsync("release");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".found li").First.WaitForAsync();
        await camera.DialogAsync("search");
        await person.Hook("room-settings").ClickAsync();
        await camera.DialogAsync("room-settings");
        // Elsewhere, so that the next size's pictures are of the same talk.
        await page.GotoAsync("/chat/lunch");
        await person.LiveAsync();
        await person.Composer.WaitForAsync();
        await page.Context.SetOfflineAsync(true);
        await page.Locator("[data-testid=connection][data-phase=offline]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await person.Composer.FillAsync("Written in the tunnel");
        await page.Keyboard.PressAsync("Enter");
        await camera.ShootAsync("offline");
        await page.Context.SetOfflineAsync(false);
        await person.LiveAsync();
        await page.GotoAsync("/account");
        await person.Hook("end-others").WaitForAsync();
        await camera.ShootAsync("account");
    }

    private static async Task ToolAsync(ILocator message, string tool)
    {
        await message.HoverAsync();
        await message.Locator($"[data-testid={tool}]").ClickAsync();
    }

    private static async Task EmptyAsync(WebSystem system, Camera camera, ColorScheme scheme, (string Name, int Width, int Height) size)
    {
        await using var context = await system.OpenAsync(options: new() { ColorScheme = scheme, ViewportSize = new() { Width = size.Width, Height = size.Height } });
        var newcomer = await Visitor.SignUpAsync(context, $"new-{size.Name}-{scheme}".ToLowerInvariant());
        var empty = camera.At(newcomer.Page);
        await empty.ShootAsync("no-rooms");
        var room = await newcomer.CreateRoomAsync($"Empty {size.Name} {scheme}", "Nothing here yet");
        await newcomer.Page.GotoAsync($"/chat/{room}");
        await newcomer.Composer.WaitForAsync();
        await newcomer.Page.Locator(".list .empty").WaitForAsync();
        await empty.ShootAsync("empty-room");
        await newcomer.Page.GotoAsync("/chat/there-is-no-such-room");
        await newcomer.LiveAsync();
        await empty.ShootAsync("no-such-room");
    }

    private sealed record Camera(IPage Page, string Folder, string Kind)
    {
        public Camera At(IPage page) => this with { Page = page };

        public async Task ShootAsync(string screen)
        {
            await Page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
            await Page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{screen}-{Kind}.png") });
        }

        public async Task DialogAsync(string screen)
        {
            var dialog = Page.GetByRole(AriaRole.Dialog).First;
            await dialog.WaitForAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(300));
            await ShootAsync(screen);
            await Page.Keyboard.PressAsync("Escape");
            await dialog.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        }
    }
}
