using static Microsoft.Playwright.Assertions;

namespace Chat.Tests.Browser;

[NoComplaints]
[Collection(BrowserCollection.Name)]
public sealed class AccountPagesTests(BrowserSystem system)
{
    [Fact]
    public async Task One_signs_up_out_and_in_again()
    {
        await using var alice = await system.SignUpAsync();

        await alice.Page.GotoAsync("/account");
        await alice.Hook("sign-out").ClickAsync();
        await alice.AtAsync("/signed-out");
        await alice.Page.GotoAsync("/chat");
        await Expect(alice.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/sign-in"));

        await alice.SignInAsync();
        await alice.LiveAsync();
    }

    [Fact]
    public async Task A_wrong_password_is_said_and_the_name_is_kept()
    {
        await using var alice = await system.SignUpAsync();
        await using var again = await system.OpenAsync();
        await again.Page.GotoAsync("/sign-in");

        Complaints.Expect("401 POST /sign-in");
        await again.FillAsync(alice.Name, "not the password");

        await Expect(again.Page.Locator(".problem")).ToBeVisibleAsync();
        await Expect(again.Page.Locator("input[name=username]")).ToHaveValueAsync(alice.Name);
        await Expect(again.Page.Locator("input[name=password]")).ToHaveValueAsync("");
        await again.ShootAsync("sign-in-refused");
    }

    [Fact]
    public async Task A_taken_name_is_said_at_sign_up()
    {
        await using var alice = await system.SignUpAsync();
        await using var again = await system.OpenAsync();
        await again.Page.GotoAsync("/sign-up");

        Complaints.Expect("409 POST /sign-up");
        await again.FillAsync(alice.Name, Person.Password);

        await Expect(again.Page.Locator(".problem")).ToBeVisibleAsync();
        await Expect(again.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/sign-up"));
    }

    [Fact]
    public async Task Signing_in_needs_no_script()
    {
        await using var alice = await system.SignUpAsync();
        await using var plain = await system.OpenAsync(new() { JavaScriptEnabled = false });
        await plain.Page.GotoAsync("/sign-in");

        // What the chat's page loads ahead is what a browser without script refuses to.
        Complaints.Expect("csp GET .js");
        await plain.FillAsync(alice.Name, Person.Password);

        await plain.AtAsync("/chat*");
    }

    [Fact]
    public async Task An_address_with_nothing_behind_it_and_a_form_that_is_too_old_say_so()
    {
        Complaints.Expect("404 GET /no-such-page");
        Complaints.Expect("400 POST /sign-up");
        await using var alice = await system.OpenAsync();
        var answer = await alice.Page.GotoAsync("/no-such-page");
        Assert.Equal(404, answer!.Status);
        Assert.Contains("frame-ancestors 'none'", await answer.HeaderValueAsync("content-security-policy"), StringComparison.Ordinal);
        await Expect(alice.Page.GetByText("There is nothing here")).ToBeVisibleAsync();
        await alice.ShootAsync("nothing-here");

        await alice.Page.GotoAsync("/sign-up");
        await alice.Page.Context.ClearCookiesAsync();
        await alice.FillAsync(alice.Name, Person.Password);
        await Expect(alice.Page.GetByText("This form is too old")).ToBeVisibleAsync();
        await alice.ShootAsync("form-too-old");
        await alice.Page.GetByText("Try again").ClickAsync();
        await alice.FillAsync(alice.Name, Person.Password);
        await alice.AtAsync("/chat*");
        await alice.LiveAsync();
    }

    [Fact]
    public async Task Every_page_has_a_strict_policy_and_the_chat_runs_under_it()
    {
        await using var alice = await system.OpenAsync();
        foreach (var path in new[] { "/sign-in", "/sign-up" })
        {
            var answer = await alice.Page.GotoAsync(path);
            var policy = await answer!.HeaderValueAsync("content-security-policy");
            Assert.Contains("script-src 'self' 'wasm-unsafe-eval'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe-inline", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", await answer.HeaderValueAsync("x-content-type-options"));
        }

        await alice.SignUpAsync();
        // A violation is an error in the console, which fails every test here.
        await alice.LiveAsync();
    }
}
