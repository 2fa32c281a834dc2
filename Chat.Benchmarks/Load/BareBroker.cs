using System.Collections.Concurrent;
using System.Diagnostics;
using Chat.Backends.Messaging;
using Chat.Servers;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Chat.Benchmarks.Load;

/// <summary>
/// RabbitMQ alone: publishers that each wait for the broker's confirm before they publish again, and one consumer that acknowledges what
/// has arrived. Nothing that waits for a confirm can be faster than this on the same machine.
/// </summary>
internal static class BareBroker
{
    private const int BodyBytes = 450;
    private const ushort Prefetch = 200;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    /// <param name="publishers">How many publish at the same time, over one connection with four channels at most.</param>
    /// <param name="duration">How long is measured, after warming up.</param>
    /// <param name="cancellationToken">Ends the measuring.</param>
    public static async Task<IReadOnlyList<LoadFigure>> MeasureAsync(int publishers, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var broker = new RabbitMqServer(RabbitMqServer.FindProgram()
            ?? throw new InvalidOperationException("rabbitmq-server is not installed."));
        await broker.StartAsync(cancellationToken);
        var factory = new ConnectionFactory { Uri = new Uri(broker.ConnectionString) };
        await using var consuming = await factory.CreateConnectionAsync(cancellationToken);
        await using var deliveries = await consuming.CreateChannelAsync(cancellationToken: cancellationToken);
        await RabbitTopology.DeclareAsync(deliveries, cancellationToken);
        await deliveries.BasicQosAsync(0, Prefetch, global: false, cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(deliveries);
        consumer.ReceivedAsync += async (_, delivery) =>
            await deliveries.BasicAckAsync(delivery.DeliveryTag, multiple: false, cancellationToken);
        await deliveries.BasicConsumeAsync(RabbitNames.SaveQueue, autoAck: false, consumer, cancellationToken);

        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        var options = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        var channels = new IChannel[Math.Min(publishers, 4)];
        for (var i = 0; i < channels.Length; i++)
        {
            channels[i] = await connection.CreateChannelAsync(options, cancellationToken);
        }

        await RunAsync(WarmUp, []);
        var times = new ConcurrentBag<double>();
        var processor = ProcessTree.ProcessorTime(broker.Process!.Id);
        var clock = Stopwatch.StartNew();
        await RunAsync(duration, times);
        var seconds = clock.Elapsed.TotalSeconds;
        processor = ProcessTree.ProcessorTime(broker.Process!.Id) - processor;

        var sorted = times.Order().ToArray();
        var scenario = publishers == 1 ? "RabbitMQ alone, 1 publisher" : $"RabbitMQ alone, {publishers} publishers";
        return
        [
            new(scenario, "confirms", "1/s", sorted.Length / seconds),
            new(scenario, "confirm, p50", "ms", sorted[sorted.Length / 2]),
            new(scenario, "confirm, p99", "ms", sorted[sorted.Length * 99 / 100]),
            new(scenario, "processor time a message, rabbitmq", "µs", processor.TotalMicroseconds / sorted.Length),
        ];

        Task RunAsync(TimeSpan span, ConcurrentBag<double> into)
        {
            var end = Stopwatch.GetTimestamp() + (long)(span.TotalSeconds * Stopwatch.Frequency);
            return Task.WhenAll(Enumerable.Range(0, publishers).Select(i => Task.Run(
                async () =>
                {
                    var body = new byte[BodyBytes];
                    var properties = new BasicProperties { Persistent = true, ContentType = "application/json", Type = "message" };
                    while (Stopwatch.GetTimestamp() < end)
                    {
                        var began = Stopwatch.GetTimestamp();
                        await channels[i % channels.Length].BasicPublishAsync(
                            "", RabbitNames.SaveQueue, mandatory: true, properties, body, cancellationToken);
                        into.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                    }
                },
                cancellationToken)));
        }
    }
}
