using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Hosting.Backing;

/// <summary>Healthy when the file can be opened for writing and is a SQLite database. A missing file is created.</summary>
/// <param name="file">The file's full path.</param>
internal sealed class SqliteHealthCheck(string file) : IHealthCheck
{
    private readonly string _connectionString = new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString();

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = new SqliteConnection(_connectionString);
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA schema_version";
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (SqliteException e)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception: e);
        }
    }
}

internal static class SqliteHealthCheckExtensions
{
    public static IResourceBuilder<T> WithSqliteHealthCheck<T>(this IResourceBuilder<T> builder, string file)
        where T : IResource
    {
        var key = $"{builder.Resource.Name}_sqlite_check";
        builder.ApplicationBuilder.Services.AddHealthChecks().AddCheck(key, new SqliteHealthCheck(file));
        return builder.WithHealthCheck(key);
    }
}
