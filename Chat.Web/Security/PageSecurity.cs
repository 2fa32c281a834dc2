using Chat.ServiceDefaults;
using Chat.Web.Pages;
using Microsoft.AspNetCore.Antiforgery;

namespace Chat.Web.Security;

/// <summary>What browsers are told to refuse: nothing inline runs, nobody frames a page, nothing comes from elsewhere.</summary>
public static class PageSecurity
{
    // WebAssembly needs 'wasm-unsafe-eval'; connect-src 'self' covers the socket of the same origin (CSP level 3).
    // The import map stands in the page, for browsers load none from elsewhere: its hash is allowed, and nothing else inline.
    private static string Policy(string importMapHash) =>
        $"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {importMapHash}; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
        "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static void UsePageSecurity(this IApplicationBuilder app)
    {
        var assets = app.ApplicationServices.GetRequiredService<PageAssets>();
        var policy = new Lazy<string>(() => Policy(assets.ImportMapHash));
        app.Use((context, next) => AddHeaders(context, policy, next));
    }

    private static Task AddHeaders(HttpContext context, Lazy<string> policy, RequestDelegate next)
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            // A file from the API brings a stricter one along.
            headers.ContentSecurityPolicy = headers.ContentSecurityPolicy is [] ? policy.Value : headers.ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()";
            return Task.CompletedTask;
        });
        return next(context);
    }

    /// <summary>Behind an ingress the pages' own scheme and host are those that the browser used.</summary>
    public static void AddForwarding(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(o => o.AddServerHeader = false);
        builder.Services.AddTrustedProxies();
    }
}

/// <summary>The cookie that proves that a form came from our page.</summary>
public static class AntiforgeryCookie
{
    public static void Configure(AntiforgeryOptions options)
    {
        options.Cookie.Name = "chat-form";
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        // Framing is refused by the content security policy.
        options.SuppressXFrameOptionsHeader = true;
    }
}
