using System.Collections.Concurrent;
using System.Text;
using Chat.Backends;
using Chat.Backends.Messaging;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Servers;
using RabbitMQ.Client;
using Until = Chat.Tests.Servers.Eventually;

namespace Chat.Tests.Backends.Saving;

/// <summary>What is RabbitMQ's own in saving, on a broker that stays up.</summary>
public sealed class RabbitSavingTests(RabbitMqFixture server) : IClassFixture<RabbitMqFixture>, IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private RabbitBroker _broker = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = new RabbitBroker(server.ConnectionString);
        await _broker.EraseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }
    }

    private static SaveMessage Item(int number) => new SaveMessage(new Message
    {
        Id = MessageId.For("alice", $"c{number}"),
        Sender = "alice",
        RoomId = "general",
        Content = $"m{number}",
        Timestamp = DateTimeOffset.UnixEpoch.AddYears(56).AddMilliseconds(number),
    });

    [Fact]
    public async Task An_item_lies_in_a_durable_queue_with_type_id_time_and_trace()
    {
        using var activity = new System.Diagnostics.Activity("send").SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C).Start();
        await _broker.Queue().EnqueueAsync(Item(1), None);

        var got = await _broker.OnChannelAsync(c => c.BasicGetAsync(RabbitNames.SaveQueue, autoAck: true));

        var properties = got!.BasicProperties;
        Assert.Equal((true, "message", Item(1).Key), (properties.Persistent, properties.Type, properties.MessageId));
        Assert.Equal(activity.Id, RabbitHeader(properties, "traceparent"));
        Assert.True(properties.Timestamp.UnixTime > 0);
        Assert.Equal(SaveItemJson.Write(Item(1)), got.Body.ToArray());
    }

    [Fact]
    public async Task What_no_queue_takes_is_not_accepted()
    {
        var publisher = _broker.Publisher();
        var queue = new RabbitSaveQueue(publisher, TimeProvider.System);
        await queue.EnqueueAsync(Item(1), None);
        await _broker.OnChannelAsync(c => c.QueueDeleteAsync(RabbitNames.SaveQueue));

        await Assert.ThrowsAsync<BackendUnavailableException>(() => queue.EnqueueAsync(Item(2), None));
    }

    [Fact]
    public async Task Many_at_once_are_all_confirmed_over_few_channels()
    {
        var queue = _broker.Queue();

        await Task.WhenAll(Enumerable.Range(0, 3_000).Select(i => queue.EnqueueAsync(Item(i), None)));

        Assert.Equal(3_000, await _broker.ReadyAsync());
        Assert.Equal(3_000, await queue.CountAsync(None));
    }

    [Fact]
    public async Task A_pause_acks_what_was_saved_and_returns_the_rest_without_a_failed_attempt()
    {
        await EnqueueAsync(10);
        var consumer = _broker.Consumer(new SaveConsumerOptions { Prefetch = 5 });

        var handed = new List<SaveDelivery>();
        await consumer.RunAsync(
            (batch, _) =>
            {
                handed.AddRange(batch);
                return Outcomes(batch.Select((_, i) => i == 0 && handed.Count == batch.Count ? SaveOutcome.Ack : SaveOutcome.Pause));
            },
            None).WaitAsync(Until.Patience);

        Assert.False(consumer.IsConsuming);
        await Until.AsyncTrue(async () => await _broker.ReadyAsync() == 9);
        var again = await ConsumeAsync(9, new SaveConsumerOptions { Prefetch = 5 });
        Assert.All(again, d => Assert.Equal(1, d.Attempt));
    }

    [Fact]
    public async Task Stopping_finishes_the_batch_in_hand_and_returns_the_rest()
    {
        await EnqueueAsync(10);
        using var stop = new CancellationTokenSource();

        await _broker.Consumer(new SaveConsumerOptions { Prefetch = 2 }).RunAsync(
            async (batch, _) =>
            {
                await stop.CancelAsync();
                return [.. batch.Select(_ => SaveOutcome.Ack)];
            },
            stop.Token).WaitAsync(Until.Patience);

        await Until.AsyncTrue(async () => await _broker.ReadyAsync() is 8 or 9);
    }

    [Fact]
    public async Task A_dead_letter_has_its_reason_and_comes_back_alone_or_with_all()
    {
        await EnqueueAsync(4);
        await ConsumeAsync(4, new SaveConsumerOptions(), d => SaveOutcome.DeadLetter($"no good: {Encoding.UTF8.GetString(d.Body.Span).Length > 0}"));
        var letters = _broker.DeadLetters();
        await Until.AsyncTrue(async () => await _broker.ReadyAsync(RabbitNames.DeadQueue) == 4);

        for (var look = 0; look < 3; look++)
        {
            var listed = await letters.ListAsync(3, None);
            Assert.Equal([.. Enumerable.Range(0, 3).Select(i => Item(i).Key)], listed.Select(l => l.Key));
            Assert.All(listed, l => Assert.Equal(("message", "no good: True"), (l.Type, l.Reason)));
            await Until.AsyncTrue(async () => await _broker.ReadyAsync(RabbitNames.DeadQueue) == 4);
        }

        Assert.False(await letters.RequeueAsync("unknown", None));
        Assert.True(await letters.RequeueAsync(Item(2).Key, None));
        await Until.AsyncTrue(async () => await _broker.ReadyAsync(RabbitNames.DeadQueue) == 3);
        Assert.Equal(3, await letters.RequeueAllAsync(None));
        Assert.Empty(await letters.ListAsync(10, None));

        var back = await ConsumeAsync(4, new SaveConsumerOptions());
        Assert.Equal(Enumerable.Range(0, 4).Select(i => Item(i).Key).Order(), back.Select(d => d.Key).Order());
        Assert.All(back, d => Assert.Equal(1, d.Attempt));
    }

    [Fact]
    public async Task What_the_broker_itself_gives_up_on_is_listed_with_its_reason()
    {
        await EnqueueAsync(1);
        await _broker.OnChannelAsync(async c =>
        {
            var got = await c.BasicGetAsync(RabbitNames.SaveQueue, autoAck: false);
            await c.BasicRejectAsync(got!.DeliveryTag, requeue: false);
            return true;
        });

        IReadOnlyList<DeadLetter> listed = [];
        await Until.AsyncTrue(async () => (listed = await _broker.DeadLetters().ListAsync(10, None)).Count == 1);
        Assert.Equal((Item(0).Key, "given up by the broker: rejected"), (listed[0].Key, listed[0].Reason));
    }

    [Fact]
    public async Task An_item_that_always_fails_is_a_dead_letter_after_its_attempts_and_the_rest_is_saved()
    {
        await EnqueueAsync(5);
        var attempts = new ConcurrentBag<int>();
        var options = new SaveConsumerOptions { Prefetch = 3, MaxAttempts = 3, RetryDelay = TimeSpan.Zero };

        await ConsumeAsync(4, options, d =>
        {
            if (d.Key != Item(1).Key)
            {
                return SaveOutcome.Ack;
            }

            attempts.Add(d.Attempt);
            return SaveOutcome.Requeue;
        }, async () => await _broker.ReadyAsync(RabbitNames.DeadQueue) == 1);

        Assert.Equal([1, 2, 3], attempts.Order());
        Assert.Equal("failed 3 times", Assert.Single(await _broker.DeadLetters().ListAsync(5, None)).Reason);
    }

    private async Task EnqueueAsync(int count)
    {
        var queue = _broker.Queue();
        for (var i = 0; i < count; i++)
        {
            await queue.EnqueueAsync(Item(i), None);
        }
    }

    /// <summary>Consumes until so many different ones were handed over (and more is true).</summary>
    private async Task<IReadOnlyList<SaveDelivery>> ConsumeAsync(
        int count, SaveConsumerOptions options, Func<SaveDelivery, SaveOutcome>? outcome = null, Func<Task<bool>>? until = null)
    {
        var handed = new ConcurrentDictionary<string, SaveDelivery>();
        using var stop = new CancellationTokenSource();
        var run = _broker.Consumer(options).RunAsync(
            (batch, _) =>
            {
                foreach (var delivery in batch)
                {
                    handed[delivery.Key] = delivery;
                }

                return Outcomes(batch.Select(outcome ?? (_ => SaveOutcome.Ack)));
            },
            stop.Token);
        await Until.AsyncTrue(async () => handed.Count >= count && (until is null || await until()));
        await stop.CancelAsync();
        await run.WaitAsync(Until.Patience);
        return [.. handed.Values];
    }

    private static Task<IReadOnlyList<SaveOutcome>> Outcomes(IEnumerable<SaveOutcome> outcomes) =>
        Task.FromResult<IReadOnlyList<SaveOutcome>>([.. outcomes]);

    private static string? RabbitHeader(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers![name] is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;
}
