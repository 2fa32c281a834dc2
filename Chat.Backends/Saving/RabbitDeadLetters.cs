using Chat.Backends.Availability;
using Chat.Backends.Messaging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Chat.Backends.Saving;

/// <summary>
/// Looks into <c>message_save.dead</c> by taking and giving back, over a connection that lives for one call: RabbitMQ has no
/// browsing. Giving back keeps the order. While one looks, another sees less.
/// </summary>
public sealed class RabbitDeadLetters(
    IConnectionFactory factory, RabbitPublisher publisher, IOptions<RabbitOptions> options, TimeProvider time) : IDeadLetters
{
    private const int AtOnce = 50;

    public Task<IReadOnlyList<DeadLetter>> ListAsync(int limit, CancellationToken cancellationToken) => OnChannelAsync<IReadOnlyList<DeadLetter>>(
        async channel =>
        {
            var letters = new List<DeadLetter>();
            while (letters.Count < limit && await channel.BasicGetAsync(RabbitNames.DeadQueue, autoAck: false, cancellationToken) is { } got)
            {
                letters.Add(Read(got));
            }

            return letters;
        },
        cancellationToken);

    public Task<bool> RequeueAsync(string key, CancellationToken cancellationToken) => OnChannelAsync(
        async channel =>
        {
            // Only those that are there now: what comes meanwhile comes after them.
            for (var left = await CountAsync(channel, cancellationToken); left > 0; left--)
            {
                if (await channel.BasicGetAsync(RabbitNames.DeadQueue, autoAck: false, cancellationToken) is not { } got)
                {
                    return false;
                }

                if (got.BasicProperties.MessageId == key)
                {
                    await PutBackAsync(got, cancellationToken);
                    await channel.BasicAckAsync(got.DeliveryTag, multiple: false, cancellationToken);
                    return true;
                }
            }

            return false;
        },
        cancellationToken);

    public Task<int> RequeueAllAsync(CancellationToken cancellationToken) => OnChannelAsync(
        async channel =>
        {
            var left = await CountAsync(channel, cancellationToken);
            var done = 0;
            var batch = new List<BasicGetResult>(AtOnce);
            while (left > 0)
            {
                batch.Clear();
                while (batch.Count < AtOnce && left > 0)
                {
                    if (await channel.BasicGetAsync(RabbitNames.DeadQueue, autoAck: false, cancellationToken) is not { } got)
                    {
                        left = 0;
                        break;
                    }

                    batch.Add(got);
                    left--;
                }

                if (batch.Count > 0)
                {
                    await Task.WhenAll(batch.Select(got => PutBackAsync(got, cancellationToken)));
                    // All up to here are confirmed in the queue, and nothing else was taken on this channel.
                    await channel.BasicAckAsync(batch[^1].DeliveryTag, multiple: true, cancellationToken);
                    done += batch.Count;
                }
            }

            return done;
        },
        cancellationToken);

    private static async Task<uint> CountAsync(IChannel channel, CancellationToken cancellationToken) =>
        (await channel.QueueDeclarePassiveAsync(RabbitNames.DeadQueue, cancellationToken)).MessageCount;

    private Task PutBackAsync(BasicGetResult got, CancellationToken cancellationToken) => publisher.PublishAsync(
        "", RabbitNames.SaveQueue, mandatory: true, RabbitDelivery.Copy(got.BasicProperties), got.Body, cancellationToken);

    /// <summary>Ours has our headers; what the broker itself gave up on has its record of the death.</summary>
    private DeadLetter Read(BasicGetResult got)
    {
        var properties = got.BasicProperties;
        var headers = properties.Headers;
        var death = headers is not null && headers.TryGetValue(RabbitNames.DeathHeader, out var deaths)
            && deaths is IList<object> { Count: > 0 } list ? list[0] as IDictionary<string, object> : null;
        var reason = RabbitDelivery.Text(properties, RabbitNames.ReasonHeader)
            ?? (death is not null && death.TryGetValue("reason", out var brokers) && brokers is byte[] text
                ? $"given up by the broker: {System.Text.Encoding.UTF8.GetString(text)}"
                : "unknown");
        var at = headers is not null && headers.TryGetValue(RabbitNames.DeadAtHeader, out var ours) && ours is long milliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : death is not null && death.TryGetValue("time", out var its) && its is AmqpTimestamp stamp
                ? DateTimeOffset.FromUnixTimeSeconds(stamp.UnixTime)
                : time.GetUtcNow();
        return new DeadLetter(properties.MessageId ?? "", properties.Type ?? "", got.Body.ToArray(), reason, at);
    }

    /// <summary>Whatever is not acked when the channel closes is back in the queue.</summary>
    private async Task<T> OnChannelAsync<T>(Func<IChannel, Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(options.Value.ConnectTimeout);
            var connection = await factory.CreateConnectionAsync(
                $"{Environment.MachineName}:{Environment.ProcessId}:dead-letters", timeout.Token);
            try
            {
                var channel = await connection.CreateChannelAsync(cancellationToken: timeout.Token);
                await RabbitTopology.DeclareAsync(channel, timeout.Token);
                var result = await action(channel);
                await channel.CloseAsync(cancellationToken);
                return result;
            }
            finally
            {
                RabbitSession.Abort(connection);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && RabbitErrors.IsPassing(e))
        {
            throw e as BackendUnavailableException ?? new BackendUnavailableException(RabbitPublisher.Backend, e, RabbitErrors.Classify(e));
        }
    }
}
