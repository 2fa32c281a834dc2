using Microsoft.Extensions.Diagnostics.HealthChecks;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Aspire.Hosting;

/// <summary>A health check that is healthy when the server answers <c>ping</c>. It keeps one client for all its checks.</summary>
/// <param name="databaseName">The database that is asked, or null for <c>admin</c>.</param>
internal sealed class MongoDBPing(string? databaseName) : IHealthCheck
{
    private static readonly BsonDocument Ping = new("ping", 1);
    private IMongoDatabase? _database;

    public void Connect(string connectionString) =>
        _database = new MongoClient(connectionString).GetDatabase(databaseName ?? "admin");

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (_database is not { } database)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The connection string is not available yet.");
        }

        try
        {
            await database.RunCommandAsync<BsonDocument>(Ping, cancellationToken: cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is MongoException or TimeoutException or OperationCanceledException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception: e);
        }
    }
}
