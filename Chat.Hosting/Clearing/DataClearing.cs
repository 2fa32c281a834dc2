using Aspire.Hosting.ApplicationModel;
using Microsoft.Data.Sqlite;
using MongoDB.Driver;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using StackExchange.Redis;

namespace Chat.Hosting.Clearing;

/// <summary>Empties the stores while nothing uses them. The services create their tables and indexes again when they start.</summary>
/// <param name="model">All resources.</param>
/// <param name="commands">Stops and starts the services.</param>
/// <param name="stores">What is emptied, by its connection string.</param>
internal sealed class DataClearing(
    DistributedApplicationModel model, ResourceCommandService commands, IReadOnlyList<IResourceWithConnectionString> stores)
{
    private static readonly string[] Queues = ["message_save", "message_save.dead"];

    public async Task<ExecuteCommandResult> RunAsync(CancellationToken cancellationToken)
    {
        var users = model.Resources.OfType<ProjectResource>().Where(UsesAStore).ToList();
        foreach (var user in users)
        {
            var stopped = await commands.ExecuteCommandAsync(user, KnownResourceCommands.StopCommand, cancellationToken);
            if (!stopped.Success)
            {
                return CommandResults.Failure($"'{user.Name}' could not be stopped, so nothing was deleted: {stopped.Message}");
            }
        }

        List<string> failures = [];
        foreach (var store in stores)
        {
            try
            {
                await ClearAsync(await store.GetConnectionStringAsync(cancellationToken) ?? "", cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The other stores are emptied all the same, and the services start in any case.
                failures.Add($"{store.Name}: {e.Message}");
            }
        }

        foreach (var user in users)
        {
            var started = await commands.ExecuteCommandAsync(user, KnownResourceCommands.StartCommand, cancellationToken);
            if (!started.Success)
            {
                failures.Add($"{user.Name}: {started.Message}");
            }
        }

        return failures.Count == 0
            ? CommandResults.Success("All data was deleted.")
            : CommandResults.Failure(string.Join(Environment.NewLine, failures));
    }

    private static Task ClearAsync(string connectionString, CancellationToken cancellationToken) => connectionString.Split(':')[0] switch
    {
        "sqlite" => ClearSqliteAsync(connectionString["sqlite:".Length..], cancellationToken),
        "mongodb" or "mongodb+srv" => ClearMongoAsync(connectionString, cancellationToken),
        "amqp" or "amqps" => ClearRabbitAsync(connectionString, cancellationToken),
        _ => ClearRedisAsync(connectionString, cancellationToken),
    };

    // The file stays, since a process that is still ending could otherwise write to a deleted one. Its tables go, virtual ones first,
    // which takes their shadow tables along.
    private static async Task ClearSqliteAsync(string file, CancellationToken cancellationToken)
    {
        var connectionString = new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString();
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync(cancellationToken);
        while (await NextTableAsync(command, cancellationToken) is { } table)
        {
            command.CommandText = $"DROP TABLE \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        command.CommandText = "PRAGMA user_version = 0; COMMIT; VACUUM";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<string?> NextTableAsync(SqliteCommand command, CancellationToken cancellationToken)
    {
        command.CommandText = """
            SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
            ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC LIMIT 1
            """;
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    private static async Task ClearMongoAsync(string connectionString, CancellationToken cancellationToken)
    {
        var url = MongoUrl.Create(connectionString);
        using var client = new MongoClient(url);
        await client.DropDatabaseAsync(url.DatabaseName, cancellationToken);
    }

    private static async Task ClearRabbitAsync(string connectionString, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(connectionString) };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        foreach (var queue in Queues)
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            try
            {
                await channel.QueuePurgeAsync(queue, cancellationToken);
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
            {
                // Nothing was ever put into it.
            }
        }
    }

    private static async Task ClearRedisAsync(string connectionString, CancellationToken cancellationToken)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AllowAdmin = true;
        await using var redis = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(cancellationToken);
        foreach (var server in redis.GetServers().Where(s => !s.IsReplica))
        {
            await server.FlushAllDatabasesAsync().WaitAsync(cancellationToken);
        }
    }

    private bool UsesAStore(ProjectResource project) =>
        project.Annotations.OfType<ResourceRelationshipAnnotation>().Any(r => stores.Contains(r.Resource));
}
