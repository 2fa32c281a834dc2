using Chat.Api.Auth;
using Chat.Api.Refusals;
using Chat.Contracts;
using Chat.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using OpenTelemetry.Exporter;

namespace Chat.Api.BrowserSpans;

/// <summary><c>/api/telemetry/spans</c>: takes what browsers measured; absent where this service exports nothing.</summary>
public static class BrowserSpanEndpoints
{
    private const int BodyBytes = 16 * 1024;

    public static IHostApplicationBuilder AddBrowserSpans(this IHostApplicationBuilder builder)
    {
        if (Telemetry.IsExported(builder.Configuration))
        {
            builder.Services.AddOptions<OtlpExporterOptions>();
            builder.Services.AddSingleton<BrowserSpanRateLimiter>();
            builder.Services.AddSingleton<BrowserSpanExporter>();
            builder.Services.AddHostedService(s => s.GetRequiredService<BrowserSpanExporter>());
        }

        return builder;
    }

    public static void MapBrowserSpans(this IEndpointRouteBuilder endpoints)
    {
        if (Telemetry.IsExported(endpoints.ServiceProvider.GetRequiredService<IConfiguration>()))
        {
            endpoints.MapPost("/api/telemetry/spans", Report).WithTags("Telemetry").RequireAuthorization()
                .WithMetadata(new RequestSizeLimitAttribute(BodyBytes));
        }
    }

    private static Results<NoContent, ProblemHttpResult> Report(
        BrowserSpanReport report, BrowserSpanRateLimiter limiter, BrowserSpanExporter exporter, TimeProvider time, HttpContext context)
    {
        if (!limiter.MayGo(context.User.Username()))
        {
            return Refuse.ReportsLimited.ToProblem();
        }

        if (!BrowserSpanRules.IsValid(report))
        {
            return Refuse.InvalidRequest.ToProblem();
        }

        exporter.Export(BrowserSpanRules.OnOurClock(report, time.GetUtcNow()));
        return TypedResults.NoContent();
    }
}

/// <summary>A browser reports every two seconds while its user writes.</summary>
internal sealed class BrowserSpanRateLimiter() : UserRateLimiter(new RateLimit { Burst = 10, PerSecond = 1 });
