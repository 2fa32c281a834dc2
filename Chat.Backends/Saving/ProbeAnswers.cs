using Chat.Backends.Availability;
using Chat.Backends.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Chat.Backends.Saving;

/// <summary>
/// The consumer's side of <see cref="SaveProbe"/>: answers each probe as soon as every delivery that was received before it is settled.
/// </summary>
internal sealed class ProbeAnswers(IChannel channel)
{
    private readonly string _consumer = Guid.NewGuid().ToString("N");
    private readonly Lock _gate = new();
    private readonly List<Waiting> _waiting = [];
    private ulong _received;
    private ulong _settled;

    /// <summary>Listens from now on; called before the channel consumes its first delivery.</summary>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        var queue = await channel.QueueDeclareAsync(cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue.QueueName, RabbitNames.ProbeExchange, "", cancellationToken: cancellationToken);
        var probes = new AsyncEventingBasicConsumer(channel);
        probes.ReceivedAsync += OnProbeAsync;
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, probes, cancellationToken);
    }

    /// <summary>A delivery was received; tags grow.</summary>
    public void Received(ulong tag) => Volatile.Write(ref _received, tag);

    /// <summary>Everything up to the tag is settled.</summary>
    /// <param name="tag">The last delivery's tag.</param>
    /// <param name="saved">False when something of it went back to the queue.</param>
    public async Task SettledAsync(ulong tag, bool saved)
    {
        List<Waiting> due = [];
        lock (_gate)
        {
            _settled = tag;
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (!saved || _waiting[i].Until <= tag)
                {
                    due.Add(_waiting[i]);
                    _waiting.RemoveAt(i);
                }
            }
        }

        foreach (var probe in due)
        {
            await AnswerAsync(probe, saved);
        }
    }

    private Task OnProbeAsync(object sender, BasicDeliverEventArgs e)
    {
        if (e.BasicProperties.ReplyTo is not { } replyTo)
        {
            return Task.CompletedTask;
        }

        var probe = new Waiting(replyTo, e.BasicProperties.CorrelationId, Volatile.Read(ref _received));
        lock (_gate)
        {
            if (_settled < probe.Until)
            {
                _waiting.Add(probe);
                return Task.CompletedTask;
            }
        }

        return AnswerAsync(probe, saved: true);
    }

    private async Task AnswerAsync(Waiting probe, bool saved)
    {
        try
        {
            await channel.BasicPublishAsync(
                "", probe.ReplyTo, mandatory: false, new BasicProperties { CorrelationId = probe.CorrelationId },
                new ProbeAnswer(_consumer, saved).Write());
        }
        catch (Exception e) when (RabbitErrors.IsPassing(e))
        {
            // Who asked hears nothing, and knows by that.
        }
    }

    private sealed record Waiting(string ReplyTo, string? CorrelationId, ulong Until);
}
