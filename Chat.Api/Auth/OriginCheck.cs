using Chat.Api.Refusals;
using Chat.Contracts;
using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

public sealed class OriginOptions
{
    public const string Section = "Chat:Origins";

    /// <summary>Origins besides our own that may call, such as <c>https://chat.example.org</c>.</summary>
    public IList<string> Allowed { get; init; } = [];
}

/// <summary>
/// A page of another site makes the browser send our cookie along with a socket's handshake, which no same-origin policy
/// covers; and SameSite=Lax does not tell sibling subdomains apart. So whatever names an origin must name ours. Programs that are
/// no browsers send none.
/// </summary>
internal static class OriginCheck
{
    public static IApplicationBuilder UseOriginCheck(this IApplicationBuilder app)
    {
        var allowed = app.ApplicationServices.GetRequiredService<IOptions<OriginOptions>>().Value.Allowed;
        return app.Use(async (context, next) =>
        {
            if (Concerns(context.Request) && context.Request.Headers.Origin is [{ } origin, ..] && !IsOurs(origin, context.Request.Host, allowed))
            {
                await Refuse.OriginNotAllowed.ToProblem().ExecuteAsync(context);
                return;
            }

            await next(context);
        });
    }

    private static bool Concerns(HttpRequest request) =>
        !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        || request.Path.StartsWithSegments(IChatServer.Path, StringComparison.OrdinalIgnoreCase);

    private static bool IsOurs(string origin, HostString host, IEnumerable<string> allowed)
    {
        if (allowed.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        // The scheme may be the proxy's; the authority may not.
        return Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && string.Equals(uri.Host, host.Host, StringComparison.OrdinalIgnoreCase)
            && (host.Port is { } port ? uri.Port == port : uri.IsDefaultPort);
    }
}
