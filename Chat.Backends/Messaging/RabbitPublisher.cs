using System.Diagnostics.Metrics;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Chat.Backends.Messaging;

/// <summary>
/// Publishes with confirms over one connection that it keeps by itself. A publish completes when the broker confirmed it,
/// and a mandatory one that no queue took fails. While the broker is known to be away or blocked by an alarm every publish
/// fails at once; it connects again in the background, with jittered backoff, and declares the topology first.
/// </summary>
public sealed partial class RabbitPublisher : IAsyncDisposable
{
    public const string Backend = "messaging";
    private const string Silent = "no confirm in time";
    private static readonly Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.broker.publish.failures");
    private static readonly Counter<long> Losses = Telemetry.Meter.CreateCounter<long>("chat.broker.connection.losses");
    private readonly IConnectionFactory _factory;
    private readonly RabbitOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RabbitPublisher> _logger;
    private readonly SemaphoreSlim _inFlight;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource<RabbitSession> _session = NewSession();
    private Task? _keeping;
    private volatile bool _knownAway;

    public RabbitPublisher(
        IConnectionFactory factory, IOptions<RabbitOptions> options, TimeProvider time, ILogger<RabbitPublisher> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _factory = factory;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _inFlight = new SemaphoreSlim(_options.MaxInFlight, _options.MaxInFlight);
    }

    /// <summary>Whether a publish has a chance now; connects when nobody did yet.</summary>
    public bool IsAvailable => Session.Task is { IsCompletedSuccessfully: true, Result.IsBlocked: false };

    private TaskCompletionSource<RabbitSession> Session
    {
        get
        {
            lock (_gate)
            {
                _keeping ??= Background.Run(KeepAsync);
                return _session;
            }
        }
    }

    /// <exception cref="BackendUnavailableException">Not confirmed in time, or not routed. It may be in the queue all the same.</exception>
    public async Task PublishAsync(
        string exchange, string routingKey, bool mandatory, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.PublishTimeout);
        RabbitSession? session = null;
        var asProof = false;
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            session = await GetSessionAsync(timeout.Token);
            if (!session.TryEnter(out asProof))
            {
                throw new BackendUnavailableException(Backend);
            }

            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, session.Interrupted);
            await _inFlight.WaitAsync(attempt.Token);
            try
            {
                started = TimeProvider.System.GetTimestamp();
                await session.PublishAsync(exchange, routingKey, mandatory, properties, body, attempt.Token);
            }
            finally
            {
                _inFlight.Release();
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && IsAbsence(e))
        {
            Failures.Add(1);
            if (session is not null && timeout.IsCancellationRequested && session.LastConfirm < started)
            {
                // It confirmed nothing for so long: stopped, or cut off without a word. Heartbeats would take a minute to say so.
                session.Abandon(Silent);
            }

            throw e as BackendUnavailableException ?? new BackendUnavailableException(Backend, e);
        }
        finally
        {
            if (asProof)
            {
                session!.LeaveProof();
            }
        }
    }

    /// <summary>Ready messages of the queue; null when it cannot be asked now.</summary>
    public async Task<long?> CountAsync(string queue, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.PublishTimeout);
        try
        {
            var session = await GetSessionAsync(timeout.Token);
            return await session.CountAsync(queue, timeout.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && IsAbsence(e))
        {
            LogNotAsked(_logger, queue, e.GetType().Name);
            return null;
        }
    }

    /// <summary>Whether every item of <c>message_save</c> is saved, see <see cref="SaveProbe"/>; null when the broker cannot be asked now.</summary>
    public async Task<bool?> IsSavedAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.PublishTimeout);
        try
        {
            var session = await GetSessionAsync(timeout.Token);
            return await session.IsSavedAsync(timeout.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && IsAbsence(e))
        {
            LogNotAsked(_logger, RabbitNames.SaveQueue, e.GetType().Name);
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task? keeping;
        lock (_gate)
        {
            keeping = _keeping ??= Task.CompletedTask;
        }

        await keeping;
    }

    /// <summary>What the driver throws when the broker is away, cut off, or refuses.</summary>
    internal static bool IsAbsence(Exception e) => e is RabbitMQClientException or PublishException or IOException or TimeoutException
        or System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException or BackendUnavailableException;

    private static TaskCompletionSource<RabbitSession> NewSession() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async ValueTask<RabbitSession> GetSessionAsync(CancellationToken cancellationToken)
    {
        var current = Session;
        if (current.Task.IsCompletedSuccessfully)
        {
            var session = await current.Task;
            return !session.IsBlocked && !session.Over.IsCompleted ? session : throw new BackendUnavailableException(Backend);
        }

        // Only before the first attempt ended nothing is known, and waiting is worth it.
        return _knownAway ? throw new BackendUnavailableException(Backend) : await current.Task.WaitAsync(cancellationToken);
    }

    private async Task KeepAsync()
    {
        var backoff = new Backoff(_options.MaxReconnectDelay);
        var proven = true;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                timeout.CancelAfter(_options.ConnectTimeout);
                await using var session = await RabbitSession.OpenAsync(
                    _factory, $"{Environment.MachineName}:{Environment.ProcessId}:publish", _options, proven, timeout.Token);
                var opened = _time.GetTimestamp();
                _knownAway = true;
                _session.SetResult(session);
                LogConnected(_logger);
                var reason = await session.Over.WaitAsync(_stop.Token);
                lock (_gate)
                {
                    _session = NewSession();
                }

                proven = reason != Silent;
                Losses.Add(1);
                LogLost(_logger, reason);
                if (_time.GetElapsedTime(opened) > _options.MaxReconnectDelay)
                {
                    backoff.Reset();
                }

                await Task.Delay(backoff.Next(), _time, _stop.Token);
            }
#pragma warning disable CA1031 // Whatever it is, ending here would leave the process without a broker for good.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (_stop.IsCancellationRequested)
                {
                    break;
                }

                FailWaiting(e);
                LogAway(_logger, e.GetType().Name, e.Message);
                await Task.Delay(backoff.Next(), _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        FailWaiting(new ObjectDisposedException(nameof(RabbitPublisher)));
    }

    /// <summary>Those who waited for the first attempt learn of its failure at once.</summary>
    private void FailWaiting(Exception e)
    {
        TaskCompletionSource<RabbitSession> waited;
        lock (_gate)
        {
            waited = _session;
            _session = NewSession();
            _knownAway = true;
        }

        if (waited.TrySetException(new BackendUnavailableException(Backend, e)))
        {
            // Nobody need have waited.
            _ = waited.Task.Exception;
        }
    }

    [LoggerMessage(EventId = 2411, Level = LogLevel.Information, Message = "The broker is connected for publishing.")]
    private static partial void LogConnected(ILogger logger);

    [LoggerMessage(EventId = 2412, Level = LogLevel.Warning, Message = "The broker's connection for publishing is lost: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);

    [LoggerMessage(EventId = 2413, Level = LogLevel.Warning, Message = "The broker is away ({Error}: {Detail}); trying again.")]
    private static partial void LogAway(ILogger logger, string error, string detail);

    [LoggerMessage(EventId = 2414, Level = LogLevel.Information, Message = "The broker could not be asked about {Queue} ({Error}).")]
    private static partial void LogNotAsked(ILogger logger, string queue, string error);
}
