using Chat.Backends;
using Chat.Contracts;
using Microsoft.AspNetCore.Diagnostics;

namespace Chat.Api.Refusals;

/// <summary>
/// Whatever goes wrong outside our handlers – no such path, another method, malformed JSON, a store that is away, a bug – is a
/// ProblemDetails with a <c>code</c> too.
/// </summary>
public static partial class ProblemsExtensions
{
    public static IHostApplicationBuilder AddProblems(this IHostApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails(o => o.CustomizeProblemDetails = context =>
        {
            var problem = context.ProblemDetails;
            problem.Extensions.TryAdd("code", Code(problem.Status ?? context.HttpContext.Response.StatusCode));
            if (problem.Extensions.TryGetValue("retryAfter", out var seconds) && seconds is int retryAfter)
            {
                context.HttpContext.Response.Headers.RetryAfter = retryAfter.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
        });
        builder.Services.AddExceptionHandler<Unexpected>();
        // A body that cannot be read becomes a BadHttpRequestException in every environment, and Unexpected answers it.
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        return builder;
    }

    public static IApplicationBuilder UseProblems(this IApplicationBuilder app) => app.UseExceptionHandler().UseStatusCodePages();

    private static string Code(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => ErrorCodes.NotSignedIn,
        StatusCodes.Status403Forbidden => ErrorCodes.Forbidden,
        StatusCodes.Status404NotFound => ErrorCodes.NotFound,
        StatusCodes.Status429TooManyRequests => ErrorCodes.RateLimited,
        StatusCodes.Status503ServiceUnavailable => ErrorCodes.Unavailable,
        >= 500 => ErrorCodes.Internal,
        _ => ErrorCodes.InvalidRequest,
    };

    private sealed partial class Unexpected(ILogger<Unexpected> logger) : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            switch (exception)
            {
                case BackendUnavailableException away:
                    LogAway(away.Backend);
                    await Refuse.Unavailable.ToProblem().ExecuteAsync(httpContext);
                    return true;
                case BadHttpRequestException bad:
                    await (Refuse.InvalidRequest with { Status = bad.StatusCode }).ToProblem().ExecuteAsync(httpContext);
                    return true;
                case OperationCanceledException when httpContext.RequestAborted.IsCancellationRequested:
                    httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                    return true;
                default:
                    return false;
            }
        }

        [LoggerMessage(1000, LogLevel.Warning, "Refused: {Backend} is away")]
        private partial void LogAway(string backend);
    }
}
