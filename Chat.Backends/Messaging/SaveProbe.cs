using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Chat.Backends.Messaging;

/// <summary>
/// Proves that every item of <c>message_save</c> is saved. Over AMQP the broker tells how many items are ready, and not how many its
/// consumers hold. So each consumer is asked: the queue has nothing ready and so many consumers, and then as many answer that they have
/// settled all that they held when the question reached them.
/// <para>
/// An item could still slip from one consumer that dies to another that has answered already. The consumers that answer must therefore
/// be the same ones as in the round before, which was answered before the queue was found without a ready item.
/// </para>
/// </summary>
/// <remarks>The answers come by direct reply-to: https://www.rabbitmq.com/docs/direct-reply-to. For one caller at a time.</remarks>
internal sealed class SaveProbe
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMilliseconds(500);
    private readonly IChannel _channel;
    private HashSet<string> _consumers = new(StringComparer.Ordinal);
    private Round? _round;

    private SaveProbe(IChannel channel) => _channel = channel;

    public static async Task<SaveProbe> OpenAsync(IChannel channel, CancellationToken cancellationToken)
    {
        var probe = new SaveProbe(channel);
        var answers = new AsyncEventingBasicConsumer(channel);
        answers.ReceivedAsync += probe.OnAnswerAsync;
        await channel.BasicConsumeAsync(RabbitNames.DirectReplyTo, autoAck: true, answers, cancellationToken);
        return probe;
    }

    /// <summary>False: some item is not saved yet, or not every consumer said so in time.</summary>
    public async Task<bool> IsSavedAsync(CancellationToken cancellationToken)
    {
        // The first round learns who the consumers are, the second asks the same ones again.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var queue = await _channel.QueueDeclarePassiveAsync(RabbitNames.SaveQueue, cancellationToken);
            if (queue.MessageCount > 0)
            {
                return false;
            }

            if (queue.ConsumerCount == 0)
            {
                return true;
            }

            var (all, saved) = await AskAsync((int)queue.ConsumerCount, cancellationToken);
            if (!saved)
            {
                return false;
            }

            if (all.SetEquals(_consumers))
            {
                return true;
            }

            _consumers = all;
        }

        return false;
    }

    private async Task<(HashSet<string> Consumers, bool Saved)> AskAsync(int consumers, CancellationToken cancellationToken)
    {
        var round = new Round(Guid.NewGuid().ToString("N"), consumers);
        Volatile.Write(ref _round, round);
        await _channel.BasicPublishAsync(
            RabbitNames.ProbeExchange, "", mandatory: false,
            new BasicProperties { ReplyTo = RabbitNames.DirectReplyTo, CorrelationId = round.Id }, ReadOnlyMemory<byte>.Empty, cancellationToken);
        try
        {
            return (round.Consumers, await round.Answered.Task.WaitAsync(AnswerWithin, cancellationToken));
        }
        catch (TimeoutException)
        {
            return ([], false);
        }
    }

    private Task OnAnswerAsync(object sender, BasicDeliverEventArgs e)
    {
        if (Volatile.Read(ref _round) is { } round && e.BasicProperties.CorrelationId == round.Id)
        {
            round.Answer(ProbeAnswer.Read(e.Body.Span));
        }

        return Task.CompletedTask;
    }

    private sealed class Round(string id, int expected)
    {
        public string Id => id;

        public HashSet<string> Consumers { get; } = new(StringComparer.Ordinal);

        public TaskCompletionSource<bool> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Called by the channel's dispatcher, one answer after the other.</summary>
        public void Answer(ProbeAnswer answer)
        {
            Consumers.Add(answer.Consumer);
            if (!answer.Saved)
            {
                Answered.TrySetResult(false);
            }
            else if (Consumers.Count >= expected)
            {
                Answered.TrySetResult(true);
            }
        }
    }
}

/// <summary>What a consumer answers to a probe: who it is, and whether all that it held was settled without giving anything back.</summary>
internal readonly record struct ProbeAnswer(string Consumer, bool Saved)
{
    public byte[] Write() => Encoding.ASCII.GetBytes($"{(Saved ? '+' : '-')}{Consumer}");

    public static ProbeAnswer Read(ReadOnlySpan<byte> body) =>
        body is [(byte)'+', ..] ? new ProbeAnswer(Encoding.ASCII.GetString(body[1..]), true) : new ProbeAnswer("", false);
}
