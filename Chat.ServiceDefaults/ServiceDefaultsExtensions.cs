using System.Diagnostics;
using Chat.ServiceDefaults;
using Chat.ServiceDefaults.Health;
using Chat.ServiceDefaults.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service of the topology has: telemetry, health, service discovery, resilient HTTP clients.</summary>
public static class ServiceDefaultsExtensions
{
    private const string Live = "live";
    private const string Prometheus = "Chat:Metrics:Prometheus";
    private static readonly AspNetCore.Http.PathString[] Untraced = ["/health", "/alive", "/metrics", "/api/telemetry"];

    // In milliseconds. OpenTelemetry Protocol Exporter specification.
    private const string OtlpTimeout = "OTEL_EXPORTER_OTLP_TIMEOUT";

    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.AddTelemetry();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [Live]);
        builder.Services.PostConfigure<HealthCheckServiceOptions>(Dependencies.NeverFailTheService);
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            // Doing it twice is only safe where the method says so.
            http.AddStandardResilienceHandler(o => o.Retry.DisableForUnsafeHttpMethods());
            http.AddServiceDiscovery();
        });
        builder.Services.TryAddSingleton(TimeProvider.System);
        return builder;
    }

    /// <summary>
    /// <c>/health</c>: ready, with each dependency's state; Degraded is 200, for a pod that can still serve must not leave the
    /// service because a dependency is down. <c>/alive</c>: the process answers. <c>/metrics</c>, for Prometheus, only where
    /// <c>Chat:Metrics:Prometheus</c> is true.
    /// </summary>
    public static IEndpointRouteBuilder MapDefaultEndpoints(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = HealthResponse.WriteAsync }).AllowAnonymous();
        endpoints.MapHealthChecks("/alive", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(Live),
            ResponseWriter = HealthResponse.WriteAsync,
        }).AllowAnonymous();
        if (endpoints.ServiceProvider.GetRequiredService<IConfiguration>().GetValue<bool>(Prometheus))
        {
            endpoints.MapPrometheusScrapingEndpoint().AllowAnonymous();
        }

        return endpoints;
    }

    private static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Configuration.AddQuietLogs();
        // Whoever runs the service may choose the format (Logging:Console:FormatterName); in production the default is JSON.
        if (!builder.Environment.IsDevelopment() && builder.Configuration["Logging:Console:FormatterName"] is null)
        {
            builder.Logging.AddJsonConsole(o =>
            {
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
                o.IncludeScopes = true;
            });
        }

        // Incoming trace contexts are the framework's to read; OpenTelemetry's default would take baggage from callers besides.
        builder.Services.AddSingleton<DistributedContextPropagator>(new TraceParentPropagator());
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());

        var telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter(Chat.ServiceDefaults.Telemetry.Name, "Microsoft.AspNetCore.Http.Connections", "Microsoft.AspNetCore.Server.Kestrel"));

        if (builder.Configuration.GetValue<bool>(Prometheus))
        {
            telemetry.WithMetrics(metrics => metrics.AddPrometheusExporter());
        }

        // Spans are recorded only where they are exported: recording costs as much as handling a message. Every request has a trace ID in
        // any case. Its log lines have it, and the worker gets it with the message.
        var exported = Chat.ServiceDefaults.Telemetry.IsExported(builder.Configuration);
        telemetry.WithTracing(tracing => tracing
            .SetSampler(exported ? ForegroundSampler.Create() : new AlwaysOffSampler())
            .AddSource(Chat.ServiceDefaults.Telemetry.Name, builder.Environment.ApplicationName, "Microsoft.AspNetCore.SignalR.Server")
            .AddAspNetCoreInstrumentation(o => o.Filter = context => !IsUntraced(context.Request.Path)));
        if (exported)
        {
            builder.Logging.AddOpenTelemetry(logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.IncludeScopes = true;
            });
            telemetry.WithTracing(tracing => tracing.AddHttpClientInstrumentation().AddProcessor(new SpanPrivacy()));
            if (builder.Environment.IsDevelopment())
            {
                // The dashboard ends before the services do. Each signal's last export would wait ten seconds for it.
                builder.Configuration[OtlpTimeout] ??= "1000";
            }

            telemetry.UseOtlpExporter();
        }
    }

    /// <summary>Probes, and the reports of browsers' spans, which would each be a trace about a trace.</summary>
    private static bool IsUntraced(AspNetCore.Http.PathString path) =>
        Untraced.Any(p => path.StartsWithSegments(p, StringComparison.Ordinal));
}
