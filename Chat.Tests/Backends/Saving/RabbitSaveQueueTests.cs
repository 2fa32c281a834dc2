using Chat.Backends.Messaging;
using Chat.Backends.Saving;
using Chat.Tests.Servers;
using RabbitMQ.Client;

namespace Chat.Tests.Backends.Saving;

public sealed class RabbitSaveQueueTests(RabbitMqFixture server) : SaveQueueContract, IClassFixture<RabbitMqFixture>
{
    private RabbitBroker? _broker;

    public override async ValueTask InitializeAsync()
    {
        _broker = new RabbitBroker(server.ConnectionString);
        await _broker.EraseAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }
    }

    protected override Task<ISaveQueue> OpenQueueAsync() => Task.FromResult<ISaveQueue>(_broker!.Queue());

    protected override Task<ISaveConsumer> OpenConsumerAsync(int prefetch) => Task.FromResult<ISaveConsumer>(
        _broker!.Consumer(new SaveConsumerOptions { Prefetch = prefetch, MaxAttempts = MaxAttempts, RetryDelay = TimeSpan.Zero }));

    protected override Task<IDeadLetters> OpenDeadLettersAsync() => Task.FromResult<IDeadLetters>(_broker!.DeadLetters());

    protected override Task EnqueueRawAsync(string key, string type, ReadOnlyMemory<byte> body) => _broker!.Publisher().PublishAsync(
        "", RabbitNames.SaveQueue, mandatory: true, new BasicProperties { Persistent = true, MessageId = key, Type = type }, body, CancellationToken.None);
}
