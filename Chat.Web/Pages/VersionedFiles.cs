using Microsoft.Net.Http.Headers;

namespace Chat.Web.Pages;

/// <summary>
/// The framework's first script has no fingerprint of its own: asked for with the version of all files in its address, it may
/// be kept for ever like the rest. Goes away when the SDK gives <c>blazor.webassembly.js</c> a fingerprint.
/// </summary>
public static class VersionedFiles
{
    public const string Parameter = "v";

    public static void UseVersionedFiles(this IApplicationBuilder app)
    {
        var assets = app.ApplicationServices.GetRequiredService<PageAssets>();
        app.Use((context, next) =>
        {
            // Another pod may have other files meanwhile: only the version that this one serves is kept.
            if (context.Request.Query[Parameter] is [{ } version] && context.Request.Path.StartsWithSegments("/_framework") && version == assets.Version)
            {
                context.Response.OnStarting(static state =>
                {
                    var response = (HttpResponse)state;
                    if (response.StatusCode == StatusCodes.Status200OK)
                    {
                        response.Headers[HeaderNames.CacheControl] = "max-age=31536000, immutable";
                    }

                    return Task.CompletedTask;
                }, context.Response);
            }

            return next(context);
        });
    }
}
