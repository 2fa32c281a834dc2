using System.Diagnostics.Metrics;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Database;

/// <summary>
/// Every call to MongoDB goes through here: it is bounded in time, waits for the indexes before the first use, and becomes a
/// <see cref="BackendUnavailableException"/> when the server is away. Then the gate is shut – calls fail at once instead of each
/// waiting for the driver to find a server – until a ping in the background is answered.
/// </summary>
public sealed partial class MongoGate : IAsyncDisposable
{
    public const string Backend = "chatdb";
    private static readonly BsonDocument Ping = new("ping", 1);
    private static readonly Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.database.failures");

    // ShutdownInProgress, NetworkInterfaceExceededTimeLimit, NetworkTimeout, WriteConcernFailed, MaxTimeMSExpired, PrimarySteppedDown,
    // SocketException, NotWritablePrimary, Interrupted…, NotPrimary…: see MongoDB's error_codes.yml.
    private static readonly HashSet<int> AwayCodes = [6, 7, 50, 64, 89, 91, 100, 189, 202, 262, 9001, 10107, 11600, 11602, 13435, 13436];
    private readonly IMongoDatabase _database;
    private readonly MongoOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<MongoGate> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task? _probing;
    private Task? _schema;

    public MongoGate(IMongoDatabase database, IOptions<MongoOptions> options, TimeProvider time, ILogger<MongoGate> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(database);
        _options = options.Value;
        _time = time;
        _logger = logger;
        _database = database.WithWriteConcern(WriteConcern.WMajority.With(journal: true)).WithReadPreference(ReadPreference.Primary);
        Collections = new MongoCollections(_database);
    }

    public MongoCollections Collections { get; }

    /// <summary>False while the server is known to be away.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_lock)
            {
                return _probing is null;
            }
        }
    }

    public TimeSpan Timeout => _options.Timeout;

    /// <summary>See <see cref="MongoOptions.SearchScan"/>.</summary>
    public int SearchScan => _options.SearchScan;

    public Task<T> CallAsync<T>(Func<MongoCollections, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(call, _options.Timeout, cancellationToken);

    public Task<T> SaveAsync<T>(Func<MongoCollections, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(call, _options.SaveTimeout, cancellationToken);

    /// <summary>Creates the indexes in the background as soon as the server is there; called once at the start, and harmless again.</summary>
    public void Prepare() => _ = SchemaAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task? probing;
        lock (_lock)
        {
            probing = _probing;
        }

        if (probing is not null)
        {
            await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Whether this says that the server is away rather than that we asked nonsense.</summary>
    internal static bool IsAbsence(Exception e) => e switch
    {
        MongoConnectionException or MongoConnectionPoolPausedException or MongoWaitQueueFullException or MongoNotPrimaryException
            or MongoNodeIsRecoveringException or MongoExecutionTimeoutException or TimeoutException or IOException
            or System.Net.Sockets.SocketException or OperationCanceledException => true,
        MongoWriteConcernException => true,
        MongoBulkWriteException bulk => bulk.WriteConcernError is not null || bulk.WriteErrors.Any(w => IsAbsence(w.Code)),
        MongoCommandException command => IsAbsence(command.Code),
        MongoClientException { InnerException: { } inner } => IsAbsence(inner),
        _ => false,
    };

    internal static bool IsAbsence(int code) => AwayCodes.Contains(code);

    private async Task<T> CallAsync<T>(
        Func<MongoCollections, CancellationToken, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!IsOpen)
        {
            throw new BackendUnavailableException(Backend);
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            await SchemaAsync().WaitAsync(timeout.Token);
            // The driver does not leave every wait when asked to; the caller's bound holds all the same.
            return await call(Collections, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && IsAbsence(e))
        {
            Failures.Add(1);
            Shut(e);
            throw new BackendUnavailableException(Backend, e);
        }
    }

    private Task SchemaAsync()
    {
        lock (_lock)
        {
            if (_schema is null or { IsFaulted: true } or { IsCanceled: true })
            {
                // Independent of who waits for it: on a large collection an index takes longer than a call may.
                _schema = Background.Run(CreateIndexesAsync);
                _ = _schema.ContinueWith(
                    failed => LogNoIndexes(_logger, failed.Exception!.InnerException!.Message), CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            }

            return _schema;
        }
    }

    private async Task CreateIndexesAsync()
    {
        try
        {
            await Collections.CreateIndexesAsync(_stop.Token);
        }
        catch (MongoCommandException e) when (!IsAbsence(e))
        {
            // Somebody made another index of that name: slower, perhaps, but no reason to serve nobody.
            Failures.Add(1);
            LogIndexRefused(_logger, e.Message);
        }
    }

    private void Shut(Exception e)
    {
        lock (_lock)
        {
            if (_probing is not null || _stop.IsCancellationRequested)
            {
                return;
            }

            LogAway(_logger, e.GetType().Name);
            _probing = Background.Run(ProbeAsync);
        }
    }

    private async Task ProbeAsync()
    {
        var backoff = new Backoff(_options.MaxProbeDelay);
        while (!_stop.IsCancellationRequested)
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            timeout.CancelAfter(_options.Timeout);
            try
            {
                await _database.RunCommandAsync<BsonDocument>(Ping, cancellationToken: timeout.Token).WaitAsync(timeout.Token);
                break;
            }
            catch (Exception e) when (e is MongoException || IsAbsence(e))
            {
                await Task.Delay(backoff.Next(), _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        lock (_lock)
        {
            _probing = null;
            if (_schema is { IsCompleted: true })
            {
                // It may have come back as another, or with an older copy of its data: the indexes are looked at again.
                _schema = null;
            }
        }

        LogBack(_logger);
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "The database is away ({Error}); calls fail at once until it answers.")]
    private static partial void LogAway(ILogger logger, string error);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Information, Message = "The database answers again.")]
    private static partial void LogBack(ILogger logger);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "The indexes could not be created yet: {Error}")]
    private static partial void LogNoIndexes(ILogger logger, string error);

    [LoggerMessage(EventId = 3204, Level = LogLevel.Error, Message = "The server refuses an index: {Error}")]
    private static partial void LogIndexRefused(ILogger logger, string error);
}
