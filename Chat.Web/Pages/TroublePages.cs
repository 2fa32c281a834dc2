using Chat.Backends;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Web.Pages;

/// <summary>What a person sees where there is no page, where a form is too old, or where something that a page needs is away.</summary>
internal static class TroublePages
{
    private const string RetryAfterSeconds = "5";

    public static void UseTroublePages(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = StatusOf,
            ExceptionHandler = ShowAsync,
            // Otherwise a 404 from a handler would count as one that was not found, and be thrown again.
            AllowStatusCode404Response = true,
        });
        app.UseStatusCodePages(context => ShowAsync(context.HttpContext));
    }

    /// <summary>503 while a store is away, however deep that lies in what was thrown: Data Protection wraps it.</summary>
    public static int StatusOf(Exception exception) =>
        exception is BadHttpRequestException bad ? bad.StatusCode
        : Causes(exception).Any(e => e is BackendUnavailableException) ? StatusCodes.Status503ServiceUnavailable
        : StatusCodes.Status500InternalServerError;

    private static IEnumerable<Exception> Causes(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            yield return exception;
        }
    }

    private static Task ShowAsync(HttpContext context)
    {
        var status = context.Response.StatusCode;
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        if (!IsForPerson(context.Request))
        {
            return Task.CompletedTask;
        }

        context.Response.Headers.CacheControl = "no-store";
        var page = new RazorComponentResult<Trouble>(new Dictionary<string, object?>
        {
            [nameof(Trouble.Status)] = status,
            // A form is not sent again: what follows its address is the form anew.
            [nameof(Trouble.Path)] = context.Request.Path.ToString(),
        })
        {
            StatusCode = status,
            PreventStreamingRendering = true,
        };
        return page.ExecuteAsync(context);
    }

    /// <summary>A browser that goes to an address; scripts, images and the API's clients get the bare status.</summary>
    private static bool IsForPerson(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !request.Path.StartsWithSegments("/api", StringComparison.Ordinal) && !request.Path.StartsWithSegments("/hubs", StringComparison.Ordinal);
}
