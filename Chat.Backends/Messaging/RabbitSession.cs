using System.Diagnostics.Metrics;
using System.Threading.RateLimiting;
using Chat.Backends.Availability;
using Chat.ServiceDefaults;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Chat.Backends.Messaging;

/// <summary>
/// One connection that publishes, from its opening to its loss: the topology is declared, the channels confirm. It is used by
/// many at once; when it or a channel breaks, it is over as a whole and another takes its place.
/// </summary>
internal sealed class RabbitSession : IAsyncDisposable
{
    private static readonly Counter<long> Leftovers = Telemetry.Meter.CreateCounter<long>("chat.broker.connection.unclean");
    private readonly IConnection _connection;
    private readonly IChannel _asking;
    private readonly SemaphoreSlim _askingTurn = new(1, 1);
    private readonly ConcurrencyLimiter _unlimited;
    private readonly TaskCompletionSource<string> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private CancellationTokenSource _interrupted = new();
    private IChannel[] _channels = [];
    private SaveProbe? _probe;
    private uint _turn;

    private RabbitSession(IConnection connection, IChannel asking, RabbitOptions options)
    {
        _connection = connection;
        _asking = asking;
        // The client's default limiter delays at half of 128 in flight; ours is RabbitPublisher's bound.
        _unlimited = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = options.MaxInFlight, QueueLimit = options.MaxInFlight });
    }

    /// <summary>Completes with the reason.</summary>
    public Task<string> Over => _over.Task;

    /// <summary>An alarm stops the broker from reading what we publish.</summary>
    public bool IsBlocked { get; private set; }

    /// <summary>Cancelled when what is in flight will not be confirmed soon: blocked, or lost.</summary>
    public CancellationToken Interrupted
    {
        get
        {
            lock (_gate)
            {
                return _interrupted.Token;
            }
        }
    }

    public static async Task<RabbitSession> OpenAsync(
        IConnectionFactory factory, string name, RabbitOptions options, CancellationToken cancellationToken)
    {
        var connection = await factory.CreateConnectionAsync(name, cancellationToken);
        try
        {
            var asking = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await RabbitTopology.DeclareAsync(asking, cancellationToken);
            var session = new RabbitSession(connection, asking, options);
            await session.OpenChannelsAsync(options.PublishChannels, cancellationToken);
            return session;
        }
        catch
        {
            Abort(connection);
            throw;
        }
    }

    public async Task PublishAsync(
        string exchange, string routingKey, bool mandatory, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var channel = _channels[Interlocked.Increment(ref _turn) % (uint)_channels.Length];
        await channel.BasicPublishAsync(exchange, routingKey, mandatory, properties, body, cancellationToken);
    }

    /// <summary>Ready messages of the queue.</summary>
    public async Task<long> CountAsync(string queue, CancellationToken cancellationToken)
    {
        await _askingTurn.WaitAsync(cancellationToken);
        try
        {
            return (await _asking.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
        }
        finally
        {
            _askingTurn.Release();
        }
    }

    /// <summary>See <see cref="SaveProbe"/>.</summary>
    public async Task<bool> IsSavedAsync(CancellationToken cancellationToken)
    {
        await _askingTurn.WaitAsync(cancellationToken);
        try
        {
            _probe ??= await SaveProbe.OpenAsync(_asking, cancellationToken);
            return await _probe.IsSavedAsync(cancellationToken);
        }
        finally
        {
            _askingTurn.Release();
        }
    }

    /// <summary>Gives it up: nobody is confirmed any more.</summary>
    public void Abandon(string reason)
    {
        _over.TrySetResult(reason);
        Interrupt();
    }

    public async ValueTask DisposeAsync()
    {
        Abandon("disposed");
        Abort(_connection);
        // The semaphore and the token source stay for those who are still leaving; they hold nothing unmanaged.
        await _unlimited.DisposeAsync();
    }

    /// <summary>
    /// Returns at once: towards a peer that does not answer the driver takes up to its continuation timeout of 20 seconds, and
    /// who wants to connect anew must not wait for that.
    /// </summary>
    internal static void Abort(IConnection connection) => _ = Task.Run(async () =>
    {
        try
        {
            await connection.AbortAsync(TimeSpan.FromMilliseconds(500));
            await connection.DisposeAsync();
        }
        catch (Exception e) when (RabbitErrors.IsPassing(e))
        {
            Leftovers.Add(1);
        }
    });

    private async Task OpenChannelsAsync(int count, CancellationToken cancellationToken)
    {
        var options = new CreateChannelOptions(
            publisherConfirmationsEnabled: true,
            publisherConfirmationTrackingEnabled: true,
            outstandingPublisherConfirmationsRateLimiter: _unlimited);
        var channels = new IChannel[count];
        for (var i = 0; i < count; i++)
        {
            channels[i] = await _connection.CreateChannelAsync(options, cancellationToken);
            channels[i].ChannelShutdownAsync += OnShutdownAsync;
        }

        _channels = channels;
        _asking.ChannelShutdownAsync += OnShutdownAsync;
        _connection.ConnectionShutdownAsync += OnShutdownAsync;
        _connection.ConnectionBlockedAsync += (_, _) =>
        {
            IsBlocked = true;
            Interrupt();
            return Task.CompletedTask;
        };
        _connection.ConnectionUnblockedAsync += (_, _) =>
        {
            lock (_gate)
            {
                _interrupted = new CancellationTokenSource();
            }

            IsBlocked = false;
            return Task.CompletedTask;
        };
        if (!_connection.IsOpen)
        {
            Abandon("closed while opening");
        }
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs e)
    {
        Abandon(e.ReplyText);
        return Task.CompletedTask;
    }

    private void Interrupt()
    {
        CancellationTokenSource interrupted;
        lock (_gate)
        {
            interrupted = _interrupted;
        }

        // Their continuations do not belong on the connection's reading loop.
        _ = interrupted.CancelAsync();
    }
}
