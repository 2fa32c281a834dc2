using Chat.ServiceDefaults;
using Microsoft.AspNetCore.Antiforgery;

namespace Chat.Web.Security;

/// <summary>What browsers are told to refuse: nothing inline runs, nobody frames a page, nothing comes from elsewhere.</summary>
public static class PageSecurity
{
    // WebAssembly needs 'wasm-unsafe-eval'; connect-src 'self' covers the socket of the same origin (CSP level 3).
    private const string Policy =
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
        "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static void UsePageSecurity(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            var headers = ((HttpContext)state).Response.Headers;
            // A file from the API brings a stricter one along.
            headers.ContentSecurityPolicy = headers.ContentSecurityPolicy is [] ? Policy : headers.ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()";
            return Task.CompletedTask;
        }, context);
        return next(context);
    });

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
