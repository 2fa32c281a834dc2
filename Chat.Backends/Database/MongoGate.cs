using System.Diagnostics.Metrics;
using Chat.Backends.Availability;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Database;

/// <summary>
/// Every call to MongoDB goes through here: it is limited in time, and becomes a <see cref="BackendUnavailableException"/> when the
/// server does not do it now. While no server can be reached calls fail at once instead of each waiting for the driver to find one,
/// until a ping in the background is answered (<see cref="Circuit"/>). One call that is slow, contended or refused stops no other.
/// </summary>
public sealed partial class MongoGate : IAsyncDisposable
{
    public const string Backend = "chatdb";
    private const int MinimumThroughput = 4;
    private static readonly BsonDocument Ping = new("ping", 1);
    private static readonly TimeSpan RefusalsLogged = TimeSpan.FromMinutes(1);
    private static readonly Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.database.failures");
    private readonly IMongoDatabase _database;
    private readonly MongoOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<MongoGate> _logger;
    private readonly Circuit _circuit;
    private long _refusalLoggedAt;

    public MongoGate(IMongoDatabase database, IOptions<MongoOptions> options, TimeProvider time, ILogger<MongoGate> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(database);
        _options = options.Value;
        _time = time;
        _logger = logger;
        _database = database.WithWriteConcern(WriteConcern.WMajority.With(journal: true)).WithReadPreference(ReadPreference.Primary);
        Collections = new MongoCollections(_database);
        _circuit = new Circuit(
            new CircuitSettings
            {
                Backend = Backend,
                Classify = MongoErrors.Classify,
                MeansLost = MongoErrors.MeansLost,
                ProbeAsync = ProbeAsync,
                // After a whole timeout has passed a fraction of it is enough for one question.
                PingAsync = t => PingAsync(_options.Timeout / 3, t),
                Limit = _options.Timeout,
                MinimumThroughput = MinimumThroughput,
                MaxProbeDelay = _options.MaxProbeDelay,
                HalfOpens = true,
            },
            time,
            logger);
    }

    public MongoCollections Collections { get; }

    /// <summary>False while calls fail at once.</summary>
    public bool IsOpen => _circuit.IsClosed;

    public TimeSpan Timeout => _options.Timeout;

    /// <summary>See <see cref="MongoOptions.SearchScan"/>.</summary>
    public int SearchScan => _options.SearchScan;

    /// <summary>See <see cref="MongoOptions.UnreadScan"/>.</summary>
    public int UnreadScan => _options.UnreadScan;

    /// <summary>The server was away and is back, perhaps with an older copy of its data, or a query missed an index.</summary>
    internal event Action? IndexesInDoubt;

    public Task<T> CallAsync<T>(Func<MongoCollections, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(call, _options.Timeout, cancellationToken);

    public Task<T> SaveAsync<T>(Func<MongoCollections, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(call, _options.SaveTimeout, cancellationToken);

    public ValueTask DisposeAsync() => _circuit.DisposeAsync();

    private async Task<T> CallAsync<T>(
        Func<MongoCollections, CancellationToken, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        var attempt = await _circuit.TryAsync(() => LimitAsync(call, limit, cancellationToken), cancellationToken);
        if (attempt.Failure is not { } verdict)
        {
            return attempt.Result!;
        }

        if (attempt.Error is { } error)
        {
            Failures.Add(1, new KeyValuePair<string, object?>("verdict", verdict.ToString()));
            if (MongoErrors.MeansMissingIndex(error))
            {
                DoubtIndexes();
            }

            attempt.ThrowIfOwnFault();
            if (verdict == Verdict.Refused)
            {
                LogRefusal(error);
            }
        }

        throw new BackendUnavailableException(Backend, attempt.Error, verdict);
    }

    /// <summary>The driver does not leave every wait when asked to; the caller's limit holds all the same.</summary>
    private async Task<T> LimitAsync<T>(
        Func<MongoCollections, CancellationToken, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        return await call(Collections, timeout.Token).WaitAsync(timeout.Token);
    }

    private async Task<bool> ProbeAsync(Circuit circuit, CancellationToken stopping)
    {
        if (!await PingAsync(_options.Timeout, stopping) || !circuit.TryClose())
        {
            return false;
        }

        DoubtIndexes();
        return true;
    }

    /// <summary>Asks the primary: while there is none nothing can be saved.</summary>
    private async Task<bool> PingAsync(TimeSpan limit, CancellationToken stopping)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        timeout.CancelAfter(limit);
        await _database.RunCommandAsync<BsonDocument>(Ping, cancellationToken: timeout.Token).WaitAsync(timeout.Token);
        return true;
    }

    private void DoubtIndexes()
    {
        Collections.ForgetIndexes();
        IndexesInDoubt?.Invoke();
    }

    /// <summary>What is refused is refused for every call; one line a minute is enough.</summary>
    private void LogRefusal(Exception e)
    {
        var now = _time.GetTimestamp();
        var last = Interlocked.Read(ref _refusalLoggedAt);
        if ((last == 0 || _time.GetElapsedTime(last, now) >= RefusalsLogged)
            && Interlocked.CompareExchange(ref _refusalLoggedAt, now, last) == last)
        {
            LogRefused(_logger, e);
        }
    }

    [LoggerMessage(EventId = 3205, Level = LogLevel.Error, Message = "The database refuses calls")]
    private static partial void LogRefused(ILogger logger, Exception e);
}
