using System.Diagnostics.Metrics;
using Chat.Backends.Availability;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Chat.Backends.Messaging;

/// <summary>
/// Publishes with confirms over one connection that it keeps by itself. A publish completes when the broker confirmed it,
/// and a mandatory one that no queue took fails. While there is no connection, or an alarm blocks it, every publish fails at once. In the
/// background it connects again, with backoff, and declares the topology first (<see cref="Circuit"/>).
/// </summary>
public sealed partial class RabbitPublisher : IAsyncDisposable
{
    public const string Backend = "messaging";
    private static readonly Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.broker.publish.failures");
    private static readonly Counter<long> Losses = Telemetry.Meter.CreateCounter<long>("chat.broker.connection.losses");
    private readonly IConnectionFactory _factory;
    private readonly RabbitOptions _options;
    private readonly ILogger<RabbitPublisher> _logger;
    private readonly SemaphoreSlim _inFlight;
    private readonly Circuit _circuit;
    private readonly TaskCompletionSource _attempted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RabbitSession? _session;

    public RabbitPublisher(
        IConnectionFactory factory, IOptions<RabbitOptions> options, TimeProvider time, ILogger<RabbitPublisher> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _factory = factory;
        _options = options.Value;
        _logger = logger;
        _inFlight = new SemaphoreSlim(_options.MaxInFlight, _options.MaxInFlight);
        _circuit = new Circuit(
            new CircuitSettings
            {
                Backend = Backend,
                Classify = RabbitErrors.Classify,
                ProbeAsync = ConnectAsync,
                PingAsync = PingAsync,
                Limit = _options.PublishTimeout,
                MaxProbeDelay = _options.MaxReconnectDelay,
                StartsOpen = true,
                // A broker whose queue has no leader takes connections and confirms nothing.
                HalfOpens = true,
            },
            time,
            logger);
        // What is in flight will not be confirmed; a connection that confirms nothing would stay for a minute until a heartbeat fails.
        _circuit.Opened += () => _session?.Abandon("the circuit opened");
    }

    /// <summary>Begins to connect, in the background. Otherwise the first call does.</summary>
    public void Connect() => _circuit.EnsureProbing();

    /// <exception cref="BackendUnavailableException">Not confirmed in time, or not routed. It may be in the queue all the same.</exception>
    public async Task PublishAsync(
        string exchange, string routingKey, bool mandatory, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.PublishTimeout);
        try
        {
            var session = await GetSessionAsync(timeout.Token);
            if (!_circuit.TryEnter(out var permit))
            {
                throw new BackendUnavailableException(Backend);
            }

            await PublishAsync(session, permit, exchange, routingKey, mandatory, properties, body, timeout.Token, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && RabbitErrors.IsPassing(e))
        {
            Failures.Add(1);
            throw e as BackendUnavailableException ?? new BackendUnavailableException(Backend, e, RabbitErrors.Classify(e));
        }
    }

    /// <summary>Ready messages of the queue; null when it cannot be asked now.</summary>
    public Task<long?> CountAsync(string queue, CancellationToken cancellationToken) =>
        AskAsync(queue, (session, timeout) => session.CountAsync(queue, timeout), cancellationToken);

    /// <summary>
    /// Whether every item of <c>message_save</c> is saved (<see cref="SaveProbe"/>); null when the broker cannot be asked now.
    /// </summary>
    public Task<bool?> IsSavedAsync(CancellationToken cancellationToken) =>
        AskAsync(RabbitNames.SaveQueue, (session, timeout) => session.IsSavedAsync(timeout), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _circuit.DisposeAsync();
        _attempted.TrySetResult();
        await DropSessionAsync();
    }

    private async Task<T?> AskAsync<T>(
        string queue, Func<RabbitSession, CancellationToken, Task<T>> question, CancellationToken cancellationToken)
        where T : struct
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.PublishTimeout);
        try
        {
            var session = await GetSessionAsync(timeout.Token);
            return await question(session, timeout.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && RabbitErrors.IsPassing(e))
        {
            LogNotAsked(_logger, queue, e.GetType().Name);
            return null;
        }
    }

    private async Task PublishAsync(
        RabbitSession session, Circuit.Permit permit, string exchange, string routingKey, bool mandatory, BasicProperties properties,
        ReadOnlyMemory<byte> body, CancellationToken timeout, CancellationToken cancellationToken)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(timeout, session.Interrupted);
        try
        {
            await _inFlight.WaitAsync(attempt.Token);
            try
            {
                await session.PublishAsync(exchange, routingKey, mandatory, properties, body, attempt.Token);
            }
            finally
            {
                _inFlight.Release();
            }

            _circuit.Leave(permit, null);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested || session.Over.IsCompleted
            || (e is OperationCanceledException && !timeout.IsCancellationRequested))
        {
            // The caller gave it up, or the session is lost or blocked, which is known without counting.
            _circuit.Leave(permit);
            throw;
        }
        catch (Exception e)
        {
            _circuit.Leave(permit, RabbitErrors.Classify(e));
            throw;
        }
    }

    private async ValueTask<RabbitSession> GetSessionAsync(CancellationToken cancellationToken)
    {
        if (!_attempted.Task.IsCompleted)
        {
            // Only before the first attempt ended nothing is known, and waiting is worth it.
            _circuit.EnsureProbing();
            await _attempted.Task.WaitAsync(cancellationToken);
        }

        return _session is { IsBlocked: false, Over.IsCompleted: false } session ? session : throw new BackendUnavailableException(Backend);
    }

    /// <summary>The circuit's probe: a new connection in place of the old one.</summary>
    private async Task<bool> ConnectAsync(Circuit circuit, CancellationToken stopping)
    {
        try
        {
            await DropSessionAsync();
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            timeout.CancelAfter(_options.ConnectTimeout);
            var session = await RabbitSession.OpenAsync(
                _factory, $"{Environment.MachineName}:{Environment.ProcessId}:publish", _options, timeout.Token);
            _session = session;
            if (!circuit.TryClose())
            {
                return false;
            }

            LogConnected(_logger);
            _ = Background.Run(() => WatchAsync(session));
            return true;
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            LogNotConnected(_logger, e.GetType().Name, e.Message);
            return false;
        }
        finally
        {
            _attempted.TrySetResult();
        }
    }

    private async Task WatchAsync(RabbitSession session)
    {
        var reason = await session.Over;
        Losses.Add(1);
        // Given up because the circuit opened it is replaced already, or soon.
        if (ReferenceEquals(_session, session))
        {
            _circuit.Open($"the connection is lost: {reason}");
        }
    }

    /// <summary>Asked after a whole timeout has passed, so a fraction of it is enough for one question.</summary>
    private async Task<bool> PingAsync(CancellationToken stopping)
    {
        if (_session is not { } session)
        {
            return false;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        timeout.CancelAfter(_options.PublishTimeout / 4);
        await session.CountAsync(RabbitNames.SaveQueue, timeout.Token);
        return true;
    }

    private async ValueTask DropSessionAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is { } session)
        {
            await session.DisposeAsync();
        }
    }

    [LoggerMessage(EventId = 2411, Level = LogLevel.Information, Message = "The broker is connected for publishing.")]
    private static partial void LogConnected(ILogger logger);

    [LoggerMessage(EventId = 2413, Level = LogLevel.Warning, Message = "The broker cannot be connected ({Error}: {Detail}); trying again.")]
    private static partial void LogNotConnected(ILogger logger, string error, string detail);

    [LoggerMessage(EventId = 2414, Level = LogLevel.Information, Message = "The broker could not be asked about {Queue} ({Error}).")]
    private static partial void LogNotAsked(ILogger logger, string queue, string error);
}
