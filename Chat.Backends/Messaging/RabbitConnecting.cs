using Microsoft.Extensions.Hosting;

namespace Chat.Backends.Messaging;

/// <summary>Begins to connect when the process starts, so that the first message does not wait for it.</summary>
internal sealed class RabbitConnecting(RabbitPublisher publisher) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        publisher.Connect();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
