using System.Diagnostics.Metrics;
using Chat.Backends.Availability;
using Chat.Backends.Messaging;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Chat.Backends.Saving;

/// <summary>
/// The consuming side of <c>message_save</c> on RabbitMQ, over a connection of its own: one that an alarm blocks for
/// publishing must not stop the draining. One batch at a time; nothing is acked before it is settled, so a crash anywhere
/// delivers again. A failed item goes to the queue's end as a copy that counts its failures, a dead letter to its queue with
/// the reason; both are confirmed there before the original is acked.
/// </summary>
public sealed partial class RabbitSaveConsumer(
    IConnectionFactory factory,
    RabbitPublisher publisher,
    IOptions<SaveConsumerOptions> options,
    IOptions<RabbitOptions> rabbitOptions,
    TimeProvider time,
    ILogger<RabbitSaveConsumer> logger) : ISaveConsumer
{
    private static readonly Counter<long> Settled = Telemetry.Meter.CreateCounter<long>("chat.save.deliveries");
    private static readonly TimeSpan FirstReconnectDelay = TimeSpan.FromMilliseconds(50);
    private readonly SaveConsumerOptions _options = options.Value;
    private readonly RabbitOptions _rabbit = rabbitOptions.Value;
    private volatile bool _consuming;

    public bool IsConsuming => _consuming;

    public async Task RunAsync(SaveHandler handler, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var backoff = new Backoff(FirstReconnectDelay, _rabbit.MaxReconnectDelay);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var deliveries = await ConnectAsync(cancellationToken);
                _consuming = true;
                backoff.Reset();
                LogConsuming(logger, _options.Prefetch);
                if (await ConsumeAsync(deliveries, handler, cancellationToken))
                {
                    LogPaused(logger);
                    return;
                }
            }
            catch (Exception e) when (RabbitErrors.IsPassing(e))
            {
                if (!cancellationToken.IsCancellationRequested)
                {
                    LogLost(logger, e.GetType().Name);
                }
            }
            finally
            {
                _consuming = false;
            }

            await backoff.WaitAsync(time, cancellationToken);
        }
    }

    private async Task<RabbitDeliveries> ConnectAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_rabbit.ConnectTimeout);
        return await RabbitDeliveries.OpenAsync(
            factory, $"{Environment.MachineName}:{Environment.ProcessId}:consume", _options.Prefetch, timeout.Token);
    }

    /// <summary>True when the handler wants a pause; false when the deliveries ended or it is to stop.</summary>
    private async Task<bool> ConsumeAsync(RabbitDeliveries deliveries, SaveHandler handler, CancellationToken cancellationToken)
    {
        var batch = new List<RabbitDelivery>(_options.Prefetch);
        var backlog = false;
        while (await WaitAsync(deliveries, cancellationToken))
        {
            batch.Clear();
            await FillAsync(batch, deliveries, backlog, cancellationToken);
            backlog = batch.Count > 1;
            if (batch.Count == 0 || cancellationToken.IsCancellationRequested)
            {
                continue;
            }

            var outcomes = await HandleAsync(handler, batch);
            var returned = await SettleAsync(deliveries.Settling, batch, outcomes, cancellationToken);
            await deliveries.Probes.SettledAsync(batch[^1].Tag, saved: !returned);
            if (outcomes.Any(o => o is SaveOutcome.Paused))
            {
                return true;
            }
        }

        return false;
    }

    private static async Task<bool> WaitAsync(RabbitDeliveries deliveries, CancellationToken cancellationToken)
    {
        try
        {
            return await deliveries.Received.WaitToReadAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>What is there; with a backlog it waits a little for more, without one nobody waits.</summary>
    private async Task FillAsync(List<RabbitDelivery> batch, RabbitDeliveries deliveries, bool backlog, CancellationToken cancellationToken)
    {
        using var linger = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        linger.CancelAfter(_rabbit.Linger);
        while (batch.Count < _options.Prefetch)
        {
            if (deliveries.Received.TryRead(out var delivery))
            {
                batch.Add(delivery);
                continue;
            }

            if (!backlog || linger.IsCancellationRequested)
            {
                return;
            }

            try
            {
                if (!await deliveries.Received.WaitToReadAsync(linger.Token))
                {
                    return;
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>The batch in hand is finished also when stopping; only the time it may take is limited.</summary>
    private async Task<IReadOnlyList<SaveOutcome>> HandleAsync(SaveHandler handler, List<RabbitDelivery> batch)
    {
        using var limit = new CancellationTokenSource(_rabbit.HandlingTimeout, time);
        try
        {
            var outcomes = await handler([.. batch.Select(d => d.Delivery)], limit.Token).WaitAsync(limit.Token);
            return outcomes.Count == batch.Count
                ? outcomes
                : throw new InvalidOperationException($"{outcomes.Count} outcomes for {batch.Count} deliveries.");
        }
#pragma warning disable CA1031 // By contract any exception of a handler means: again, later.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogHandlerFailed(logger, e, batch.Count);
            return [.. batch.Select(_ => SaveOutcome.Requeue)];
        }
    }

    /// <summary>True when something is back in the queue, or goes back with the channel because one of the outcomes is a pause.</summary>
    private async Task<bool> SettleAsync(
        IChannel channel, List<RabbitDelivery> batch, IReadOnlyList<SaveOutcome> outcomes, CancellationToken cancellationToken)
    {
        if (outcomes.All(o => o is SaveOutcome.Acked))
        {
            // Everything delivered before this batch is settled, so the last tag stands for exactly this batch.
            await channel.BasicAckAsync(batch[^1].Tag, multiple: true, CancellationToken.None);
            Count("acked", batch.Count);
            return false;
        }

        var pause = outcomes.Any(o => o is SaveOutcome.Paused);
        var returned = pause;
        // Those that lose nothing by it first; a pause is not a failure of those beside it.
        for (var i = 0; i < batch.Count; i++)
        {
            if (outcomes[i] is SaveOutcome.Acked)
            {
                await channel.BasicAckAsync(batch[i].Tag, multiple: false, CancellationToken.None);
                Count("acked", 1);
            }
        }

        for (var i = 0; i < batch.Count; i++)
        {
            if (outcomes[i] is SaveOutcome.DeadLettered dead)
            {
                returned |= !await DeadLetterAsync(channel, batch[i], dead.Reason);
            }
        }

        if (!pause && outcomes.Any(o => o is SaveOutcome.Requeued))
        {
            var delay = _options.RetryDelay < _rabbit.MaxRetryDelay ? _options.RetryDelay : _rabbit.MaxRetryDelay;
            await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            for (var i = 0; i < batch.Count; i++)
            {
                if (outcomes[i] is SaveOutcome.Requeued)
                {
                    returned |= !await RequeueAsync(channel, batch[i]);
                }
            }
        }

        return returned;
    }

    /// <summary>False: the item is in the queue again. True: it failed too often and is a dead letter.</summary>
    private async Task<bool> RequeueAsync(IChannel channel, RabbitDelivery delivery)
    {
        var failures = delivery.Delivery.Attempt;
        if (failures >= _options.MaxAttempts)
        {
            return await DeadLetterAsync(channel, delivery, $"failed {failures} times");
        }

        var moved = await MoveAsync(
            channel, delivery, RabbitNames.SaveQueue, RabbitDelivery.Copy(delivery.Properties, (RabbitNames.FailuresHeader, failures)));
        Count(moved ? "requeued" : "returned", 1);
        return false;
    }

    /// <summary>False: it could not be moved and is in the queue again.</summary>
    private async Task<bool> DeadLetterAsync(IChannel channel, RabbitDelivery delivery, string reason)
    {
        var moved = await MoveAsync(channel, delivery, RabbitNames.DeadQueue, RabbitDelivery.Copy(
            delivery.Properties,
            (RabbitNames.ReasonHeader, reason),
            (RabbitNames.DeadAtHeader, time.GetUtcNow().ToUnixTimeMilliseconds())));
        Count(moved ? "dead" : "returned", 1);
        if (moved)
        {
            LogDead(logger, delivery.Delivery.Key, reason);
        }

        return moved;
    }

    /// <summary>Confirmed there before acked here; where that cannot be now, the broker gets it back as it is.</summary>
    private async Task<bool> MoveAsync(IChannel channel, RabbitDelivery delivery, string queue, BasicProperties properties)
    {
        try
        {
            await publisher.PublishAsync("", queue, mandatory: true, properties, delivery.Delivery.Body, CancellationToken.None);
        }
        catch (BackendUnavailableException e)
        {
            LogNotMoved(logger, queue, e.InnerException?.GetType().Name);
            await channel.BasicNackAsync(delivery.Tag, multiple: false, requeue: true, CancellationToken.None);
            return false;
        }

        await channel.BasicAckAsync(delivery.Tag, multiple: false, CancellationToken.None);
        return true;
    }

    private static void Count(string outcome, int count) => Settled.Add(count, new KeyValuePair<string, object?>("outcome", outcome));

    [LoggerMessage(EventId = 2421, Level = LogLevel.Information, Message = "Consuming from the broker, at most {Prefetch} at a time.")]
    private static partial void LogConsuming(ILogger logger, int prefetch);

    [LoggerMessage(EventId = 2422, Level = LogLevel.Warning, Message = "Consuming pauses; what was unsettled is back in the queue.")]
    private static partial void LogPaused(ILogger logger);

    [LoggerMessage(EventId = 2423, Level = LogLevel.Warning, Message = "The broker is lost for consuming ({Error}); trying again.")]
    private static partial void LogLost(ILogger logger, string error);

    [LoggerMessage(EventId = 2424, Level = LogLevel.Error, Message = "Handling a batch of {Count} failed; they are delivered again.")]
    private static partial void LogHandlerFailed(ILogger logger, Exception e, int count);

    [LoggerMessage(EventId = 2425, Level = LogLevel.Error, Message = "{Key} is a dead letter: {Reason}")]
    private static partial void LogDead(ILogger logger, string key, string reason);

    [LoggerMessage(EventId = 2426, Level = LogLevel.Warning, Message = "A delivery could not be moved to {Queue} ({Error}); the broker has it back.")]
    private static partial void LogNotMoved(ILogger logger, string queue, string? error);
}
