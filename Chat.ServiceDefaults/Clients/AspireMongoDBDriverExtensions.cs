using Aspire.MongoDB.Driver;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.Core.Configuration;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// <c>AddMongoDBClient</c> as Aspire.MongoDB.Driver has it, for builds without that package: an <see cref="IMongoClient"/>, which
/// connects in the background, and, when the connection string names one, its <see cref="IMongoDatabase"/>.
/// </summary>
public static class AspireMongoDBDriverExtensions
{
    private const string Section = "Aspire:MongoDB:Driver";
    private const string CheckName = "MongoDB.Driver";

    public static void AddMongoDBClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<MongoDBSettings>? configureSettings = null,
        Action<MongoClientSettings>? configureClientSettings = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        var settings = ClientSettings.Read(
            builder.Configuration, Section, connectionName, (s, given) => s.ConnectionString = given, configureSettings);

        builder.Services.AddSingleton<IMongoClient>(_ =>
        {
            var client = MongoClientSettings.FromConnectionString(
                settings.ConnectionString ?? throw ClientSettings.Missing(connectionName, Section));
            client.TracingOptions = new TracingOptions { Disabled = settings.DisableTracing };
            configureClientSettings?.Invoke(client);
            return new MongoClient(client);
        });
        if (settings.ConnectionString is { } connectionString && MongoUrl.Create(connectionString).DatabaseName is { } database)
        {
            builder.Services.AddSingleton(services => services.GetRequiredService<IMongoClient>().GetDatabase(database));
        }

        if (!settings.DisableTracing)
        {
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource("MongoDB.Driver"));
        }

        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                CheckName,
                services => new MongoHealthCheck(services),
                failureStatus: null,
                tags: null,
                settings.HealthCheckTimeout is > 0 and var timeout ? TimeSpan.FromMilliseconds(timeout) : null));
        }
    }

    private sealed class MongoHealthCheck(IServiceProvider services) : IHealthCheck
    {
        private static readonly BsonDocument Ping = new("ping", 1);

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                var database = services.GetService<IMongoDatabase>() ?? services.GetRequiredService<IMongoClient>().GetDatabase("admin");
                await database.RunCommandAsync<BsonDocument>(Ping, cancellationToken: cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception e) when (e is MongoException or TimeoutException or OperationCanceledException)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, exception: e);
            }
        }
    }
}
