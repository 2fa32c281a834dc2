using Chat.Api.Refusals;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace Chat.Api.Stopping;

/// <summary>
/// What happens when the process is told to end: <see cref="Draining"/>; then everybody's own stopping within the host's time
/// (<see cref="Messages.SendsInFlight"/>). Live all the while, ready no more from the first moment.
/// </summary>
public static class StoppingExtensions
{
    /// <summary>The host's time to stop, which begins after the draining.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(20);

    public static IHostApplicationBuilder AddStopping(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<DrainOptions>().BindConfiguration(DrainOptions.Section)
            .Validate(
                o => o.Spread >= TimeSpan.Zero && o.Spread <= TimeSpan.FromSeconds(30) && o.Limit > o.Spread
                    && o.Limit <= TimeSpan.FromMinutes(1) && o.SocketsPerSecond is >= 1 and <= 10_000,
                "Chat:Drain: Spread is 0 to 30 s, Limit more than it and at most a minute, SocketsPerSecond 1 to 10,000.")
            .ValidateOnStart();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSingleton<CallsInFlight>();
        builder.Services.Configure<HubOptions>(o => o.AddFilter<CallsInFlight>());
        builder.Services.AddSingleton<Draining>();
        builder.Services.AddHostedService(s => s.GetRequiredService<Draining>());
        builder.Services.AddHealthChecks().AddCheck<DrainingHealthCheck>("stopping");
        builder.Services.AddSingleton<IHostLifetime>(s => new ConsoleLifetime(
            s.GetRequiredService<IOptions<ConsoleLifetimeOptions>>(),
            s.GetRequiredService<IHostEnvironment>(),
            new DrainFirst(s.GetRequiredService<IHostApplicationLifetime>(), s.GetRequiredService<Draining>()),
            s.GetRequiredService<IOptions<HostOptions>>(),
            s.GetRequiredService<ILoggerFactory>()));
        return builder;
    }

    /// <summary>
    /// While draining, new sockets are refused with 503, which the ingress takes to another pod; what has a socket keeps its transport's
    /// requests, and other calls are answered, on connections that are not kept.
    /// </summary>
    public static IApplicationBuilder UseStopping(this IApplicationBuilder app)
    {
        var draining = app.ApplicationServices.GetRequiredService<Draining>();
        return app.Use((context, next) =>
        {
            var isHubs = context.Request.Path.StartsWithSegments(IChatServer.Path, StringComparison.OrdinalIgnoreCase, out var rest);
            if (draining.Began)
            {
                if (HttpProtocol.IsHttp11(context.Request.Protocol))
                {
                    context.Response.Headers.Connection = "close";
                }

                if (isHubs && IsNewSocket(context, rest))
                {
                    return Refuse.Stopping.ToProblem().ExecuteAsync(context);
                }
            }

            return isHubs ? draining.WithRequestAsync(() => next(context)) : next(context);
        });
    }

    /// <summary>Negotiating, or a WebSocket in HTTP/1.1 or HTTP/2; with an id and neither, it is one of an open connection's requests.</summary>
    private static bool IsNewSocket(HttpContext context, PathString rest) =>
        rest.HasValue
        || !context.Request.Query.ContainsKey("id")
        || context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true
        || context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;

    private sealed class DrainingHealthCheck(Draining draining) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(draining.Began ? HealthCheckResult.Unhealthy("Told to end.") : HealthCheckResult.Healthy());
    }
}
