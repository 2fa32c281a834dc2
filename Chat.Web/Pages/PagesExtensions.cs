using Chat.Contracts;
using Chat.Web.Accounts;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chat.Web.Pages;

/// <summary>The pages: forms that work without script, and the shell that the chat starts in.</summary>
public static class PagesExtensions
{
    private const string Chat = "/chat";

    public static void MapAccountPages(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/", static async (AccountApi api, HttpContext context) =>
            TypedResults.Redirect((await api.WhoIsAsync(context)).IsSignedIn ? Chat : "/sign-in"));
        foreach (var signUp in (bool[])[false, true])
        {
            var path = signUp ? "/sign-up" : "/sign-in";
            endpoints.MapGet(path, (HttpContext context, IAntiforgery antiforgery, string? returnUrl) =>
                Form(Model(signUp, context, antiforgery) with { ReturnUrl = Local(returnUrl) }, StatusCodes.Status200OK));
            endpoints.MapPost(path, (HttpContext context, IAntiforgery antiforgery, AccountApi api,
                [FromForm] string? username, [FromForm] string? password, [FromForm] string? returnUrl) =>
                SubmitAsync(signUp, context, antiforgery, api, new Credentials((username ?? "").Trim().ToLowerInvariant(), password ?? ""), Local(returnUrl)));
        }

        endpoints.MapGet("/signed-out", static () => new RazorComponentResult<SignedOut>());
    }

    public static void MapShell(this IEndpointRouteBuilder endpoints)
    {
        foreach (var path in (string[])[Chat + "/{**rest}", "/account", "/invite/{token}"])
        {
            endpoints.MapGet(path, static async Task<Results<RazorComponentResult<Shell>, RedirectHttpResult>> (AccountApi api, HttpContext context) =>
            {
                // A shell is each visitor's own; what it loads is cached by fingerprint.
                context.Response.Headers.CacheControl = "no-store";
                var visitor = await api.WhoIsAsync(context);
                return visitor.IsSignedIn
                    ? Shell(visitor.Me)
                    : TypedResults.Redirect($"/sign-in?returnUrl={Uri.EscapeDataString(context.Request.Path + context.Request.QueryString)}");
            });
        }

        // The service worker keeps this one.
        endpoints.MapGet("/shell", static (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            return Shell(null);
        });
    }

    private static RazorComponentResult<Shell> Shell(Me? me) =>
        new(new Dictionary<string, object?> { [nameof(Pages.Shell.Me)] = me }) { PreventStreamingRendering = true };

    private static async Task<Results<RazorComponentResult<AccountForm>, RedirectHttpResult>> SubmitAsync(
        bool signUp, HttpContext context, IAntiforgery antiforgery, AccountApi api, Credentials credentials, string returnUrl)
    {
        var code = await api.PostAsync(signUp ? "/api/auth/register" : "/api/auth/login", credentials, context);
        if (code is null)
        {
            return TypedResults.Redirect(returnUrl, permanent: false, preserveMethod: false);
        }

        var model = Model(signUp, context, antiforgery) with { Username = credentials.Username, Problem = PageTexts.Problem(code), ReturnUrl = returnUrl };
        return Form(model, code switch
        {
            ErrorCodes.UsernameTaken => StatusCodes.Status409Conflict,
            ErrorCodes.InvalidCredentials => StatusCodes.Status401Unauthorized,
            ErrorCodes.TooManyAttempts => StatusCodes.Status429TooManyRequests,
            ErrorCodes.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status400BadRequest,
        });
    }

    private static RazorComponentResult<AccountForm> Form(AccountFormModel model, int status) =>
        new(new Dictionary<string, object?> { [nameof(AccountForm.Model)] = model }) { StatusCode = status, PreventStreamingRendering = true };

    private static AccountFormModel Model(bool signUp, HttpContext context, IAntiforgery antiforgery)
    {
        context.Response.Headers.CacheControl = "no-store";
        var tokens = antiforgery.GetAndStoreTokens(context);
        return new AccountFormModel(signUp, tokens.FormFieldName, tokens.RequestToken!);
    }

    // Only a path of this site: "//host" and "/\host" would lead elsewhere.
    private static string Local(string? url) =>
        url is ['/', not ('/' or '\\'), ..] && !url.Any(char.IsControl) ? url : Chat;
}
