using RabbitMQ.Client;

namespace Chat.Backends.Messaging;

/// <summary>
/// Declares what <see cref="RabbitNames"/> names; whoever comes first does it, again on every connection. The arguments are
/// part of a queue's identity: changing one needs a new queue or a policy.
/// </summary>
public static class RabbitTopology
{
    /// <summary>
    /// RabbitMQ 3 has no limit of its own, RabbitMQ 4 drops after 20; both count what a worker that pauses or dies gave
    /// back. Failures of handling are counted by us (<see cref="RabbitNames.FailuresHeader"/>), so this limit only stops
    /// an item that kills every worker, and then it goes to the dead letters.
    /// </summary>
    public const int DeliveryLimit = 100;

    /// <summary>Listing dead letters redelivers them: practically no limit, in a form that RabbitMQ 3.10 accepts too.</summary>
    public const int DeadDeliveryLimit = 1_000_000;

    public static async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(channel);
        await channel.ExchangeDeclareAsync(
            RabbitNames.DeadLetterExchange, ExchangeType.Direct, durable: true, autoDelete: false, cancellationToken: cancellationToken);
        await channel.ExchangeDeclareAsync(
            RabbitNames.ProbeExchange, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(
            RabbitNames.DeadQueue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?>
            {
                ["x-queue-type"] = "quorum",
                ["x-delivery-limit"] = DeadDeliveryLimit,
            },
            cancellationToken: cancellationToken);
        await channel.QueueBindAsync(
            RabbitNames.DeadQueue, RabbitNames.DeadLetterExchange, RabbitNames.DeadQueue, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(
            RabbitNames.SaveQueue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?>
            {
                ["x-queue-type"] = "quorum",
                ["x-delivery-limit"] = DeliveryLimit,
                ["x-dead-letter-exchange"] = RabbitNames.DeadLetterExchange,
                ["x-dead-letter-routing-key"] = RabbitNames.DeadQueue,
                // At-least-once needs reject-publish: the broker keeps the item until the dead letter queue confirmed it.
                ["x-dead-letter-strategy"] = "at-least-once",
                ["x-overflow"] = "reject-publish",
            },
            cancellationToken: cancellationToken);
    }
}
