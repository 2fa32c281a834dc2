using System.Text;
using System.Threading.Channels;
using Chat.Backends.Availability;
using Chat.Backends.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Chat.Backends.Saving;

/// <summary>A delivery with what settling it needs.</summary>
internal sealed record RabbitDelivery(ulong Tag, IReadOnlyBasicProperties Properties, SaveDelivery Delivery)
{
    public static RabbitDelivery Of(ulong tag, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var failures = properties.Headers is { } headers && headers.TryGetValue(RabbitNames.FailuresHeader, out var value) ? Convert.ToInt32(value, null) : 0;
        // The driver takes the body's memory back after the callback.
        return new RabbitDelivery(tag, properties, new SaveDelivery(
            properties.MessageId ?? "", properties.Type ?? "", body.ToArray(), failures + 1, Text(properties, RabbitNames.TraceParentHeader)));
    }

    public static string? Text(IReadOnlyBasicProperties properties, string header) =>
        properties.Headers is { } headers && headers.TryGetValue(header, out var value)
            ? value switch
            {
                byte[] bytes => Encoding.UTF8.GetString(bytes),
                string text => text,
                _ => null,
            }
            : null;

    /// <summary>The same message again: our headers as given, the broker's own left out.</summary>
    public static BasicProperties Copy(IReadOnlyBasicProperties from, params ReadOnlySpan<(string Name, object? Value)> headers)
    {
        var copy = new BasicProperties
        {
            Persistent = true,
            ContentType = from.ContentType,
            Type = from.Type,
            MessageId = from.MessageId,
            Timestamp = from.Timestamp,
            Headers = new Dictionary<string, object?>(),
        };
        if (Text(from, RabbitNames.TraceParentHeader) is { } trace)
        {
            copy.Headers[RabbitNames.TraceParentHeader] = trace;
        }

        foreach (var (name, value) in headers)
        {
            copy.Headers[name] = value;
        }

        return copy;
    }
}

/// <summary>
/// One connection that consumes <c>message_save</c>, from its opening to its loss. What it received and nobody settled goes
/// back to the queue when it is disposed.
/// </summary>
internal sealed class RabbitDeliveries : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly Channel<RabbitDelivery> _received = Channel.CreateUnbounded<RabbitDelivery>(new UnboundedChannelOptions { SingleReader = true });

    private RabbitDeliveries(IConnection connection, IChannel channel)
    {
        _connection = connection;
        _channel = channel;
        Probes = new ProbeAnswers(channel);
    }

    /// <summary>Is told what is settled.</summary>
    public ProbeAnswers Probes { get; }

    /// <summary>Ends when the connection, the channel or the consumer does. Never holds more than the prefetch.</summary>
    public ChannelReader<RabbitDelivery> Received => _received.Reader;

    public IChannel Settling => _channel;

    public static async Task<RabbitDeliveries> OpenAsync(
        IConnectionFactory factory, string name, int prefetch, CancellationToken cancellationToken)
    {
        var connection = await factory.CreateConnectionAsync(name, cancellationToken);
        try
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await RabbitTopology.DeclareAsync(channel, cancellationToken);
            await channel.BasicQosAsync(prefetchSize: 0, (ushort)prefetch, global: false, cancellationToken);
            var deliveries = new RabbitDeliveries(connection, channel);
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += deliveries.OnReceivedAsync;
            // The broker cancels a consumer whose queue moved or went.
            consumer.UnregisteredAsync += (_, _) => deliveries.EndAsync();
            consumer.ShutdownAsync += (_, _) => deliveries.EndAsync();
            channel.ChannelShutdownAsync += (_, _) => deliveries.EndAsync();
            connection.ConnectionShutdownAsync += (_, _) => deliveries.EndAsync();
            await deliveries.Probes.ListenAsync(cancellationToken);
            await channel.BasicConsumeAsync(RabbitNames.SaveQueue, autoAck: false, consumer, cancellationToken);
            return deliveries;
        }
        catch
        {
            RabbitSession.Abort(connection);
            throw;
        }
    }

    /// <summary>Returns what is unsettled: first said so, then by closing, which does the same when the broker did not hear it.</summary>
    public async ValueTask DisposeAsync()
    {
        using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            if (_channel.IsOpen)
            {
                await _channel.CloseAsync(moment.Token);
            }
        }
        catch (Exception e) when (RabbitErrors.IsPassing(e))
        {
            // Closing the connection below returns them as well.
        }

        RabbitSession.Abort(_connection);
        await EndAsync();
    }

    private Task OnReceivedAsync(object sender, BasicDeliverEventArgs e)
    {
        Probes.Received(e.DeliveryTag);
        _received.Writer.TryWrite(RabbitDelivery.Of(e.DeliveryTag, e.BasicProperties, e.Body));
        return Task.CompletedTask;
    }

    private Task EndAsync()
    {
        _received.Writer.TryComplete();
        return Task.CompletedTask;
    }
}
