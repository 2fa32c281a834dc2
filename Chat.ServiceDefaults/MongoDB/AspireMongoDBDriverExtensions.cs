using Aspire.MongoDB.Driver;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.Core.Configuration;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// <c>AddMongoDBClient</c> as Aspire.MongoDB.Driver 13.6 has it, for feeds without that package. A build with
/// <c>-p:OfficialMongoDB=true</c> uses the package instead of this folder.
/// </summary>
public static class AspireMongoDBDriverExtensions
{
    private const string Section = "Aspire:MongoDB:Driver";
    private const string CheckName = "MongoDB.Driver";
    private const string ActivitySourceName = "MongoDB.Driver";

    /// <summary>
    /// Registers an <see cref="IMongoClient"/>, which connects in the background, and, when the connection string names a database, its
    /// <see cref="IMongoDatabase"/>. Adds a health check and traces.
    /// </summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="connectionName">The name of the connection string.</param>
    /// <param name="configureSettings">Changes the settings after they have been read from configuration.</param>
    /// <param name="configureClientSettings">Changes the driver's settings.</param>
    public static void AddMongoDBClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<MongoDBSettings>? configureSettings = null,
        Action<MongoClientSettings>? configureClientSettings = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        AddMongoDBClient(builder, connectionName, null, configureSettings, configureClientSettings);
    }

    /// <summary>Registers the same as <see cref="AddMongoDBClient(IHostApplicationBuilder, string, Action{MongoDBSettings}?,
    /// Action{MongoClientSettings}?)"/>, as keyed services.</summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="name">The services' key, and the name of the connection string.</param>
    /// <param name="configureSettings">Changes the settings after they have been read from configuration.</param>
    /// <param name="configureClientSettings">Changes the driver's settings.</param>
    public static void AddKeyedMongoDBClient(
        this IHostApplicationBuilder builder,
        string name,
        Action<MongoDBSettings>? configureSettings = null,
        Action<MongoClientSettings>? configureClientSettings = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        AddMongoDBClient(builder, name, name, configureSettings, configureClientSettings);
    }

    private static void AddMongoDBClient(
        IHostApplicationBuilder builder,
        string connectionName,
        string? key,
        Action<MongoDBSettings>? configureSettings,
        Action<MongoClientSettings>? configureClientSettings)
    {
        var settings = ReadSettings(builder.Configuration, connectionName);
        configureSettings?.Invoke(settings);
        builder.Services.AddKeyedSingleton<IMongoClient>(key, (_, _) => CreateClient(settings, connectionName, configureClientSettings));
        if (settings.ConnectionString is { } connectionString && MongoUrl.Create(connectionString).DatabaseName is { } database)
        {
            builder.Services.AddKeyedSingleton(
                key, (services, _) => services.GetRequiredKeyedService<IMongoClient>(key).GetDatabase(database));
        }

        if (!settings.DisableTracing)
        {
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(ActivitySourceName));
        }

        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                key is null ? CheckName : $"{CheckName}_{key}",
                services => new MongoHealthCheck(services, key),
                failureStatus: null,
                tags: null,
                settings.HealthCheckTimeout is > 0 and var timeout ? TimeSpan.FromMilliseconds(timeout) : null));
        }
    }

    private static MongoDBSettings ReadSettings(IConfiguration configuration, string connectionName)
    {
        var settings = new MongoDBSettings();
        configuration.GetSection(Section).Bind(settings);
        configuration.GetSection($"{Section}:{connectionName}").Bind(settings);
        settings.ConnectionString = configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
        return settings;
    }

    private static MongoClient CreateClient(MongoDBSettings settings, string connectionName, Action<MongoClientSettings>? configure)
    {
        var client = MongoClientSettings.FromConnectionString(settings.ConnectionString ?? throw new InvalidOperationException(
            $"The connection string is missing. Provide it as 'ConnectionStrings:{connectionName}', or as 'ConnectionString' in "
            + $"the section '{Section}' or '{Section}:{connectionName}'."));
        client.TracingOptions = new TracingOptions { Disabled = settings.DisableTracing };
        configure?.Invoke(client);
        return new MongoClient(client);
    }

    private sealed class MongoHealthCheck(IServiceProvider services, string? key) : IHealthCheck
    {
        private static readonly BsonDocument Ping = new("ping", 1);

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                var database = services.GetKeyedService<IMongoDatabase>(key)
                    ?? services.GetRequiredKeyedService<IMongoClient>(key).GetDatabase("admin");
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
