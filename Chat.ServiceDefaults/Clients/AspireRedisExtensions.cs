using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// <c>AddRedisClient</c> as Aspire.StackExchange.Redis has it, for builds without that package: an
/// <see cref="IConnectionMultiplexer"/> that connects when first asked for and, the server being away, keeps trying in the background.
/// </summary>
public static class AspireRedisExtensions
{
    private const string Section = "Aspire:StackExchange:Redis";
    private const string CheckName = "StackExchange.Redis";

    public static void AddRedisClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<StackExchangeRedisSettings>? configureSettings = null,
        Action<ConfigurationOptions>? configureOptions = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        var settings = ClientSettings.Read(
            builder.Configuration, Section, connectionName, (s, given) => s.ConnectionString = given, configureSettings);

        builder.Services.AddSingleton<IConnectionMultiplexer>(_ => Connect(builder.Configuration, settings, connectionName, configureOptions));
        if (!settings.DisableTracing)
        {
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(RedisTracing.SourceName));
        }

        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                CheckName, services => new RedisHealthCheck(services), failureStatus: null, tags: null));
        }

        if (!settings.DisableAutoActivation)
        {
            builder.Services.ActivateSingleton<IConnectionMultiplexer>();
        }
    }

    private static ConnectionMultiplexer Connect(
        IConfiguration configuration, StackExchangeRedisSettings settings, string name, Action<ConfigurationOptions>? configure)
    {
        var options = ConfigurationOptions.Parse(settings.ConnectionString ?? throw ClientSettings.Missing(name, Section));
        if (options.Defaults.GetType() == typeof(DefaultOptionsProvider))
        {
            options.Defaults = new KeepTrying();
        }

        configuration.GetSection($"{Section}:ConfigurationOptions").Bind(options);
        configuration.GetSection($"{Section}:{name}:ConfigurationOptions").Bind(options);
        configure?.Invoke(options);
        var multiplexer = ConnectionMultiplexer.Connect(options);
        if (!settings.DisableTracing)
        {
            RedisTracing.Attach(multiplexer);
        }

        return multiplexer;
    }

    private sealed class KeepTrying : DefaultOptionsProvider
    {
        public override bool AbortOnConnectFail => false;
    }

    private sealed class RedisHealthCheck(IServiceProvider services) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                // Connecting for the first time blocks; the check must not.
                var multiplexer = await Task.Run(services.GetRequiredService<IConnectionMultiplexer>, cancellationToken).WaitAsync(cancellationToken);
                await multiplexer.GetDatabase().PingAsync().WaitAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, exception: e);
            }
        }
    }
}
