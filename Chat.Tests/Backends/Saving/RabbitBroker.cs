using Chat.Backends.Messaging;
using Chat.Backends.Saving;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Chat.Tests.Backends.Saving;

/// <summary>What a process has towards a broker: a publisher, consumers, and the dead letters; and a way to begin from nothing.</summary>
internal sealed class RabbitBroker(string connectionString, RabbitOptions? options = null) : IAsyncDisposable
{
    private readonly List<RabbitPublisher> _publishers = [];

    public RabbitOptions Options { get; } = options ?? new RabbitOptions { PublishTimeout = Eventually.Patience };

    public IConnectionFactory Factory { get; } = new ConnectionFactory { Uri = new Uri(connectionString) };

    public RabbitPublisher Publisher()
    {
        var publisher = new RabbitPublisher(
            Factory, Microsoft.Extensions.Options.Options.Create(Options), TimeProvider.System, NullLogger<RabbitPublisher>.Instance);
        _publishers.Add(publisher);
        return publisher;
    }

    public RabbitSaveQueue Queue() => new(Publisher(), TimeProvider.System);

    public RabbitSaveConsumer Consumer(SaveConsumerOptions? consumer = null) => new(
        Factory,
        Publisher(),
        Microsoft.Extensions.Options.Options.Create(consumer ?? new SaveConsumerOptions { RetryDelay = TimeSpan.Zero }),
        Microsoft.Extensions.Options.Options.Create(Options),
        TimeProvider.System,
        NullLogger<RabbitSaveConsumer>.Instance);

    public RabbitDeadLetters DeadLetters() => new(
        Factory, Publisher(), Microsoft.Extensions.Options.Options.Create(Options), TimeProvider.System);

    public async Task<T> OnChannelAsync<T>(Func<IChannel, Task<T>> action)
    {
        await using var connection = await Factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await action(channel);
    }

    /// <summary>No queue, no exchange: the state before whoever comes first.</summary>
    public Task EraseAsync() => OnChannelAsync(async channel =>
    {
        await channel.QueueDeleteAsync(RabbitNames.SaveQueue, ifUnused: false, ifEmpty: false);
        await channel.QueueDeleteAsync(RabbitNames.DeadQueue, ifUnused: false, ifEmpty: false);
        await channel.ExchangeDeleteAsync(RabbitNames.DeadLetterExchange);
        return true;
    });

    public Task<long> ReadyAsync(string queue = RabbitNames.SaveQueue) =>
        OnChannelAsync(async channel => (long)(await channel.QueueDeclarePassiveAsync(queue)).MessageCount);

    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in _publishers)
        {
            await publisher.DisposeAsync();
        }
    }
}
