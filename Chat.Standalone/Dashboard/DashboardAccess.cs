using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Chat.Standalone.Dashboard;

/// <summary>
/// Who may see the dashboard: whoever has the token that was printed. It becomes a cookie once. Whatever changes something also
/// needs the page's own antiforgery header, which another site's page cannot send.
/// </summary>
internal sealed class DashboardAccess(string? token)
{
    public const string AntiforgeryHeader = "X-Antiforgery";
    private readonly string _session = RandomNumberGenerator.GetHexString(32, lowercase: true);

    public string Token { get; } = token ?? RandomNumberGenerator.GetHexString(32, lowercase: true);

    public string Antiforgery { get; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Cookies do not know ports: two dashboards on one machine must not sign each other out.</summary>
    public string CookieName { get; set; } = "chat-dashboard";

    public async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.CacheControl = "no-store";

        // A name of somebody else that points to this machine would make this a page of theirs.
        if (request.Host.Host is not ("localhost" or "127.0.0.1" or "[::1]"))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        // Telemetry has its own key.
        if (request.Path.StartsWithSegments("/v1"))
        {
            await next(context);
            return;
        }

        if (request.Path == "/login" && Same(request.Query["t"].ToString(), Token))
        {
            context.Response.Cookies.Append(CookieName, _session, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/" });
            context.Response.Redirect("/");
            return;
        }

        if (!Same(request.Cookies[CookieName] ?? "", _session))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await context.Response.WriteAsync("Open the dashboard with the address that the AppHost printed: it carries the login token.");
            return;
        }

        if (!HttpMethods.IsGet(request.Method) && !Same(request.Headers[AntiforgeryHeader].ToString(), Antiforgery))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync("The antiforgery header is missing or of an earlier run: reload the page.");
            return;
        }

        await next(context);
    }

    public static bool Same(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
