using System.Collections.Concurrent;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Chat.Backends.Pods;

/// <summary>
/// RabbitMQ's topic exchange <c>chat.pods</c>, routing keys <c>all</c> and <c>room.{id}</c>, and a queue of this process alone that
/// goes with it. Its one binding takes every event, and those of rooms that this pod has nobody of are dropped by their routing key.
/// Nobody publishes here while Redis works, so that this costs nothing then, and nothing has to be bound, or can be missed, when
/// somebody begins to. Without confirms, since what is published is only a hint.
/// </summary>
public sealed partial class RabbitPodTransport(
    Func<Task<IConnectionFactory>> factory, PodIdentity pod, RedisGate redis, TimeProvider time, ILogger<RabbitPodTransport> logger) : IPodTransport
{
    public const string Exchange = "chat.pods";
    private const string AllKey = "all";
    private const string RoomPrefix = "room.";
    private const string Everything = "#";
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(2);
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures =
        Telemetry.Meter.CreateCounter<long>("chat.pods.broker.failures", description: "Times that the broker's path between pods failed");

    private readonly ConcurrentDictionary<string, byte> _wanted = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private volatile Session? _session;
    private IPodReceiver? _receiver;
    private Task? _running;

    public string Name => "broker";

    public bool IsAvailable => _session is { IsBlocked: false };

    public void Start(IPodReceiver receiver)
    {
        _receiver = receiver;
        _running = Task.Run(RunAsync);
    }

    public Task SubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        _wanted[RoomKey(roomId)] = 0;
        return Task.CompletedTask;
    }

    public Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        _wanted.TryRemove(RoomKey(roomId), out _);
        return Task.CompletedTask;
    }

    public async ValueTask<bool> PublishAsync(string? roomId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        _session is { IsBlocked: false } session && await TryAsync(session, async t =>
            await session.Publishing.BasicPublishAsync(Exchange, roomId is null ? AllKey : RoomKey(roomId), body, t));

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
        var delay = MaxDelay / 32;
        var wasOpen = false;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await using var session = await OpenAsync();
                _session = session;
                delay = MaxDelay / 32;
                // Nobody publishes here while Redis works: then nothing was missed.
                if (wasOpen || !redis.IsOpen)
                {
                    LogOpened();
                    if (!redis.IsOpen)
                    {
                        _receiver?.OnGap(this);
                    }
                }

                wasOpen = true;
                await session.Over.WaitAsync(_stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The broker is away in one of the driver's many ways; a configuration error shows in the log again and again.
                Failures.Add(1);
                LogFailed(e.GetType().Name);
            }
            finally
            {
                _session = null;
            }

            try
            {
#pragma warning disable CA5394 // Jitter needs no secrecy.
                await Task.Delay(delay * (0.5 + (Random.Shared.NextDouble() / 2)), time, _stopping.Token);
#pragma warning restore CA5394
            }
            catch (OperationCanceledException)
            {
                return;
            }

            delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay;
        }
    }

    private async Task<Session> OpenAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        patience.CancelAfter(OpenTimeout);
        var connection = await (await factory()).CreateConnectionAsync($"chat pods {pod.Id}", patience.Token);
        try
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: patience.Token);
            var publishing = await connection.CreateChannelAsync(cancellationToken: patience.Token);
            await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: false, autoDelete: false, cancellationToken: patience.Token);
            // What waits longer than a minute is of no use to anybody.
            var queue = await channel.QueueDeclareAsync(
                "", durable: false, exclusive: true, autoDelete: true,
                new Dictionary<string, object?> { ["x-message-ttl"] = 60_000, ["x-max-length"] = 100_000 }, cancellationToken: patience.Token);
            await channel.QueueBindAsync(queue.QueueName, Exchange, Everything, cancellationToken: patience.Token);
            var session = new Session(connection, channel, publishing);
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += OnReceivedAsync;
            await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer, patience.Token);
            return session;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The driver calls it for one delivery after the other.</summary>
    private Task OnReceivedAsync(object sender, BasicDeliverEventArgs delivery) =>
        delivery.RoutingKey == AllKey || _wanted.ContainsKey(delivery.RoutingKey)
            ? _receiver?.OnBodyAsync(delivery.Body) ?? Task.CompletedTask
            : Task.CompletedTask;

    private async Task<bool> TryAsync(Session session, Func<CancellationToken, Task> call)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        patience.CancelAfter(PublishTimeout);
        try
        {
            await call(patience.Token);
            return true;
        }
        catch (Exception e)
        {
            Failures.Add(1);
            LogFailed(e.GetType().Name);
            session.Abandon();
            return false;
        }
    }

    private static string RoomKey(string roomId) => RoomPrefix + roomId;

    [LoggerMessage(2221, LogLevel.Information, "The path between pods through the broker is open")]
    private partial void LogOpened();

    [LoggerMessage(2222, LogLevel.Information, "The path between pods through the broker failed: {error}")]
    private partial void LogFailed(string error);

    private sealed class Session : IAsyncDisposable
    {
        private readonly IConnection _connection;
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Session(IConnection connection, IChannel channel, IChannel publishing)
        {
            (_connection, Publishing) = (connection, publishing);
            connection.ConnectionShutdownAsync += OnShutdownAsync;
            channel.ChannelShutdownAsync += OnShutdownAsync;
            publishing.ChannelShutdownAsync += OnShutdownAsync;
            connection.ConnectionBlockedAsync += (_, _) => { IsBlocked = true; return Task.CompletedTask; };
            connection.ConnectionUnblockedAsync += (_, _) => { IsBlocked = false; return Task.CompletedTask; };
            if (!connection.IsOpen || !channel.IsOpen || !publishing.IsOpen)
            {
                Abandon();
            }
        }

        public IChannel Publishing { get; }

        /// <summary>By an alarm of the broker.</summary>
        public bool IsBlocked { get; private set; }

        public Task Over => _over.Task;

        public void Abandon() => _over.TrySetResult();

        public async ValueTask DisposeAsync()
        {
            // A peer that is stopped does not answer a close: a moment for those that do.
            await _connection.AbortAsync(TimeSpan.FromMilliseconds(500));
            await _connection.DisposeAsync();
        }

        private Task OnShutdownAsync(object sender, ShutdownEventArgs e)
        {
            Abandon();
            return Task.CompletedTask;
        }
    }
}
