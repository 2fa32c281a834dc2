using System.Diagnostics;
using Chat.Backends.Messaging;
using RabbitMQ.Client;

namespace Chat.Backends.Saving;

/// <summary>The publishing side of <c>message_save</c> on RabbitMQ: persistent, mandatory, confirmed.</summary>
public sealed class RabbitSaveQueue(RabbitPublisher publisher, TimeProvider time) : ISaveQueue
{
    private static readonly TimeSpan CountLifetime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(20);
    private Counted? _counted;

    public async Task EnqueueAsync(SaveItem item, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        var properties = new BasicProperties
        {
            Persistent = true,
            ContentType = "application/json",
            Type = item.Type,
            MessageId = item.Key,
            Timestamp = new AmqpTimestamp(time.GetUtcNow().ToUnixTimeSeconds()),
            Headers = Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id }
                ? new Dictionary<string, object?> { [RabbitNames.TraceParentHeader] = id }
                : null,
        };
        await publisher.PublishAsync(
            exchange: "", RabbitNames.SaveQueue, mandatory: true, properties, SaveItemJson.Write(item), cancellationToken);
    }

    /// <summary>Ready ones only: over AMQP the broker does not tell how many are being handled. Asked at most once a second.</summary>
    public async ValueTask<long?> CountAsync(CancellationToken cancellationToken)
    {
        var known = _counted;
        if (known is not null && time.GetElapsedTime(known.At) < CountLifetime)
        {
            return known.Count;
        }

        var count = await publisher.CountAsync(RabbitNames.SaveQueue, cancellationToken);
        _counted = new Counted(count, time.GetTimestamp());
        return count;
    }

    /// <inheritdoc/>
    public async Task<bool> WaitUntilSavedAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            if (await publisher.IsSavedAsync(cancellationToken) is not { } saved)
            {
                return false;
            }

            if (saved || time.GetElapsedTime(began) >= patience)
            {
                return saved;
            }

            await Task.Delay(ProbeInterval, time, cancellationToken);
        }
    }

    private sealed record Counted(long? Count, long At);
}
