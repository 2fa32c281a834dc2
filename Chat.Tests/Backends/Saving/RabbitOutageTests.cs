using System.Collections.Concurrent;
using System.Diagnostics;
using Chat.Backends;
using Chat.Backends.Messaging;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Servers;
using Chat.Tests.Servers;
using Until = Chat.Tests.Servers.Eventually;

namespace Chat.Tests.Backends.Saving;

/// <summary>A broker that is killed, stopped, blocked by an alarm, or not there yet. Each test has its own.</summary>
public sealed class RabbitOutageTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private RabbitMqServer? _server;
    private RabbitBroker? _broker;

    private RabbitMqServer Server
    {
        get
        {
            Assert.SkipWhen(_server is null, "rabbitmq-server is not installed here.");
            return _server;
        }
    }

    private RabbitBroker Broker => _broker ??= new RabbitBroker(Server.ConnectionString, new RabbitOptions { PublishTimeout = TimeSpan.FromSeconds(3) });

    public ValueTask InitializeAsync()
    {
        _server = ServerFinder.RabbitMq is { } program ? new RabbitMqServer(program, new LocalServerOptions { Persistent = true }) : null;
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task While_the_broker_was_never_there_enqueuing_fails_at_once_and_works_once_it_came()
    {
        var queue = Broker.Queue();
        await Assert.ThrowsAsync<BackendUnavailableException>(() => queue.EnqueueAsync(Item(0), None));
        Assert.Null(await queue.CountAsync(None));

        await Server.StartAsync();
        await EventuallyEnqueuedAsync(queue, Item(1));
    }

    [Fact]
    public async Task Every_item_confirmed_before_during_and_after_a_kill_is_consumed()
    {
        await Server.StartAsync();
        var confirmed = new ConcurrentBag<string>();
        var refused = 0;
        var queue = Broker.Queue();
        await queue.EnqueueAsync(Item(-1), None);
        // RabbitMQ 3.10 writes a new quorum queue's registration half a second late: killed before, the queue stays without a
        // leader. A clean restart flushes it, and what follows is about a queue that has been there for a while.
        await Server.RestartAsync();
        var consumed = new ConcurrentDictionary<string, int>();
        using var stop = new CancellationTokenSource();
        var consumer = Broker.Consumer(new SaveConsumerOptions { Prefetch = 20 });
        var run = consumer.RunAsync(
            (batch, _) =>
            {
                foreach (var delivery in batch)
                {
                    consumed.AddOrUpdate(delivery.Key, 1, (_, n) => n + 1);
                }

                return Task.FromResult<IReadOnlyList<SaveOutcome>>([.. batch.Select(_ => SaveOutcome.Ack)]);
            },
            stop.Token);
        using var enough = new CancellationTokenSource();
        var senders = Enumerable.Range(0, 4).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                var item = Item((sender * 1_000_000) + i);
                try
                {
                    await queue.EnqueueAsync(item, None);
                    confirmed.Add(item.Key);
                }
                catch (BackendUnavailableException)
                {
                    Interlocked.Increment(ref refused);
                }

                await Task.Delay(2);
            }
        })).ToList();

        await Until.AsyncTrue(() => confirmed.Count > 100);
        await Server.KillAsync();
        await Until.AsyncTrue(() => Volatile.Read(ref refused) > 20, "Nothing was refused.");
        var before = confirmed.Count;
        await Server.StartAsync();
        await Until.AsyncTrue(() => confirmed.Count > before + 100, "It did not recover.");
        await enough.CancelAsync();
        await Task.WhenAll(senders);

        await Until.AsyncTrue(() => confirmed.All(consumed.ContainsKey), "A confirmed item was lost.");
        Assert.True(consumer.IsConsuming);
        await stop.CancelAsync();
        await run.WaitAsync(Until.Patience);
    }

    [Fact]
    public async Task A_broker_that_an_alarm_blocks_refuses_at_once_and_takes_again_when_it_ends()
    {
        await Server.StartAsync();
        var queue = Broker.Queue();
        await queue.EnqueueAsync(Item(0), None);

        await Server.ControlAsync(None, "set_vm_memory_high_watermark", "absolute", "1");
        // The alarm rises a moment after the command; then one publish may wait for its confirm, the next know.
        await Until.AsyncTrue(async () => await RefusedAsync(queue, Item(1)));
        var clock = Stopwatch.StartNew();
        Assert.True(await RefusedAsync(queue, Item(2)));
        Assert.True(clock.Elapsed < Broker.Options.PublishTimeout, "It waited although it knew.");

        await Server.ControlAsync(None, "set_vm_memory_high_watermark", "0.9");
        await EventuallyEnqueuedAsync(queue, Item(3));
    }

    [Fact]
    public async Task A_broker_that_is_stopped_but_connected_is_given_up_after_one_timeout()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGSTOP is Unix'.");
        await Server.StartAsync();
        var queue = Broker.Queue();
        await queue.EnqueueAsync(Item(0), None);
#pragma warning disable CA1416 // Skipped above.
        Server.Pause();
        // The stop takes hold a moment after the signal; what is confirmed until then was sent in time.
        var refused = false;
        for (var i = 0; i < 20 && !refused; i++)
        {
            refused = await RefusedAsync(queue, Item(1_000 + i));
        }

        Assert.True(refused);
        // 200 more would take minutes if each waited for its own timeout.
        Assert.All(await Task.WhenAll(Enumerable.Range(2, 200).Select(i => RefusedAsync(queue, Item(i)))), Assert.True);
        Server.Resume();
#pragma warning restore CA1416

        await EventuallyEnqueuedAsync(queue, Item(1));
    }

    [Fact]
    public async Task The_topology_is_declared_again_on_a_broker_that_lost_everything()
    {
        await Server.StartAsync();
        var queue = Broker.Queue();
        await queue.EnqueueAsync(Item(0), None);

        await Server.KillAsync();
        await Server.StopAsync();
        Server.EraseData();
        await Server.StartAsync();

        await EventuallyEnqueuedAsync(queue, Item(1));
        Assert.Equal(0, await Broker.ReadyAsync(RabbitNames.DeadQueue));
    }

    private static SaveMessage Item(int number) => new(new Message
    {
        Id = MessageId.For("alice", $"c{number}"),
        Sender = "alice",
        RoomId = "general",
        Content = $"m{number}",
        Timestamp = DateTimeOffset.UnixEpoch.AddYears(56),
    });

    private static async Task<bool> RefusedAsync(RabbitSaveQueue queue, SaveItem item)
    {
        try
        {
            await queue.EnqueueAsync(item, None).WaitAsync(Until.Patience);
            return false;
        }
        catch (BackendUnavailableException)
        {
            return true;
        }
    }

    private static Task EventuallyEnqueuedAsync(RabbitSaveQueue queue, SaveItem item) =>
        Until.AsyncTrue(async () => !await RefusedAsync(queue, item), "The broker was not used again.");
}
