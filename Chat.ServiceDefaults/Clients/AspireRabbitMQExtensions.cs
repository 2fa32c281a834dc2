using Aspire.RabbitMQ.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// <c>AddRabbitMQClient</c> as Aspire.RabbitMQ.Client has it, for builds without that package: an <see cref="IConnectionFactory"/>,
/// and an <see cref="IConnection"/> that connects, blocking, when first asked for.
/// </summary>
public static class AspireRabbitMQExtensions
{
    private const string Section = "Aspire:RabbitMQ:Client";
    private const string CheckName = "RabbitMQ.Client";

    public static void AddRabbitMQClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<RabbitMQClientSettings>? configureSettings = null,
        Action<ConnectionFactory>? configureConnectionFactory = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        var settings = ClientSettings.Read(
            builder.Configuration, Section, connectionName, (s, given) => s.ConnectionString = given, configureSettings);

        builder.Services.AddSingleton<IConnectionFactory>(_ =>
        {
            var factory = new ConnectionFactory();
            builder.Configuration.GetSection($"{Section}:ConnectionFactory").Bind(factory);
            builder.Configuration.GetSection($"{Section}:{connectionName}:ConnectionFactory").Bind(factory);
            factory.Uri = new Uri(settings.ConnectionString ?? throw ClientSettings.Missing(connectionName, Section));
            configureConnectionFactory?.Invoke(factory);
            return factory;
        });
        builder.Services.AddSingleton<IConnection>(services => Connect(services.GetRequiredService<IConnectionFactory>(), settings));

        if (!settings.DisableTracing)
        {
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource("RabbitMQ.Client.*"));
        }

        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                CheckName, services => new RabbitMQHealthCheck(services), failureStatus: null, tags: null));
        }

        if (!settings.DisableAutoActivation)
        {
            builder.Services.ActivateSingleton<IConnection>();
        }
    }

    // As Aspire does it: a container's factory is synchronous. A caller who must not block makes its own connection
    // from the factory.
    private static IConnection Connect(IConnectionFactory factory, RabbitMQClientSettings settings)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return Task.Run(() => factory.CreateConnectionAsync()).GetAwaiter().GetResult();
            }
            catch (BrokerUnreachableException) when (attempt < settings.MaxConnectRetryCount)
            {
                Thread.Sleep(TimeSpan.FromSeconds(Math.Pow(2, attempt)));
            }
        }
    }

    private sealed class RabbitMQHealthCheck(IServiceProvider services) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                var connection = await Task.Run(services.GetRequiredService<IConnection>, cancellationToken).WaitAsync(cancellationToken);
                return connection.IsOpen ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus);
            }
            catch (Exception e) when (e is BrokerUnreachableException or OperationCanceledException)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, exception: e);
            }
        }
    }
}
