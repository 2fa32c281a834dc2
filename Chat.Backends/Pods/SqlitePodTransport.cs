using Chat.ServiceDefaults;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Chat.Backends.Pods;

/// <summary>
/// The broker's path where the broker is embedded: a table of events that every process polls, often while Redis is away and
/// seldom otherwise. Rows go after a minute.
/// </summary>
public sealed partial class SqlitePodTransport(string file, RedisGate redis, TimeProvider time, ILogger<SqlitePodTransport> logger) : IPodTransport
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures =
        Telemetry.Meter.CreateCounter<long>("chat.pods.table.failures", description: "Times that the table between pods could not be used");

    private readonly HashSet<string> _rooms = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _connectionString = new SqliteConnectionStringBuilder { DataSource = file, DefaultTimeout = 5 }.ToString();
    private IPodReceiver? _receiver;
    private Task? _running;

    public string Name => "broker";

    public bool IsAvailable { get; private set; }

    public void Start(IPodReceiver receiver)
    {
        _receiver = receiver;
        _running = Task.Run(RunAsync);
    }

    public Task SubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        lock (_rooms)
        {
            _rooms.Add(roomId);
        }

        return Task.CompletedTask;
    }

    public Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        lock (_rooms)
        {
            _rooms.Remove(roomId);
        }

        return Task.CompletedTask;
    }

    public async ValueTask<bool> PublishAsync(string? roomId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new SqliteConnection(_connectionString);
            await connection.OpenAsync(cancellationToken);
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM pod_events WHERE at < @old; INSERT INTO pod_events (room, body, at) VALUES (@roomId, @body, @now)",
                new { old = now - (long)Kept.TotalMilliseconds, roomId, body = body.ToArray(), now }, cancellationToken: cancellationToken));
            return true;
        }
        catch (SqliteException e)
        {
            Failures.Add(1);
            LogFailed(e);
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_running is { } running)
        {
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync()
    {
        long? last = null;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = new SqliteConnection(_connectionString);
                await connection.OpenAsync(_stopping.Token);
                last ??= await PrepareAsync(connection);
                last = await PollAsync(connection, last.Value);
                IsAvailable = true;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Whatever it is, the path must be there again when it is over.
                IsAvailable = false;
                Failures.Add(1);
                LogFailed(e);
            }

            // Where Redis goes meanwhile, what the others wrote is found at the next look, since it stays for a minute.
            await Task.Delay(redis.IsOpen ? Seldom : Often, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<long> PollAsync(SqliteConnection connection, long last)
    {
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "SELECT id, room, body FROM pod_events WHERE id > @last ORDER BY id", new { last }, cancellationToken: _stopping.Token));
        foreach (var row in rows)
        {
            last = row.Id;
            bool wanted;
            lock (_rooms)
            {
                wanted = row.Room is null || _rooms.Contains(row.Room);
            }

            if (wanted && _receiver is { } receiver)
            {
                await receiver.OnBodyAsync(row.Body);
            }
        }

        return last;
    }

    private static async Task<long> PrepareAsync(SqliteConnection connection)
    {
        await connection.ExecuteAsync(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS pod_events (id INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT, body BLOB NOT NULL, at INTEGER NOT NULL);
            CREATE INDEX IF NOT EXISTS pod_events_at ON pod_events (at);
            """);
        return await connection.ExecuteScalarAsync<long>("SELECT coalesce(max(id), 0) FROM pod_events");
    }

    [LoggerMessage(2231, LogLevel.Warning, "The table between pods cannot be used now")]
    private partial void LogFailed(Exception e);

    private sealed record Row(long Id, string? Room, byte[] Body);
}
