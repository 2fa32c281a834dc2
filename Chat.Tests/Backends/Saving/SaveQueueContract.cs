using System.Text;
using Chat.Backends.Saving;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Saving;

/// <summary>What <see cref="ISaveQueue"/>, <see cref="ISaveConsumer"/> and <see cref="IDeadLetters"/> promise, on any queue.</summary>
public abstract partial class SaveQueueContract : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Longer than any test needs; a wait that reaches it fails.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private ISaveQueue Queue { get; set; } = null!;

    private IDeadLetters Dead { get; set; } = null!;

    /// <summary>Attempts that <see cref="OpenConsumerAsync"/>'s consumers give a delivery; no delay between them.</summary>
    protected const int MaxAttempts = 3;

    /// <summary>A broker may count a delivery that was given back by pausing as an attempt; an embedded queue does not.</summary>
    protected virtual bool PausingCountsAsAttempt => false;

    /// <summary>Each call: an independent instance on the one queue of this test, which is empty at first.</summary>
    protected abstract Task<ISaveQueue> OpenQueueAsync();

    /// <summary>Likewise, with <see cref="MaxAttempts"/> and no delay before another attempt.</summary>
    protected abstract Task<ISaveConsumer> OpenConsumerAsync(int prefetch);

    protected abstract Task<IDeadLetters> OpenDeadLettersAsync();

    /// <summary>Enqueues a body as it is, as a producer with a bug would.</summary>
    protected abstract Task EnqueueRawAsync(string key, string type, ReadOnlyMemory<byte> body);

    public virtual async ValueTask InitializeAsync()
    {
        Queue = await OpenQueueAsync();
        Dead = await OpenDeadLettersAsync();
    }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private Task EnqueueAsync(params SaveItem[] items) => Task.WhenAll(items.Select(i => Queue.EnqueueAsync(i, None)));

    private static SaveItem Item(int n) => Save(Message("alice", $"m{n}", at: n));

    private static SaveOutcome[] All(IReadOnlyList<SaveDelivery> batch, SaveOutcome outcome) => [.. batch.Select(_ => outcome)];

    [Fact]
    public async Task An_item_is_delivered_as_it_was_enqueued()
    {
        SaveItem[] items = [Item(1), Edit(Message("alice", "x"), "y", at: 2), Delete(Message("alice", "x"), at: 3), React(Message("alice", "x"), "bob", "👍", on: true, at: 4)];
        await EnqueueAsync(items);

        await using var consuming = await ConsumeAsync(prefetch: 1, batch => All(batch, SaveOutcome.Ack));
        await consuming.HandledAsync(items.Length);

        Assert.Equal(
            items.Select(i => (i.Key, i.Type, Encoding.UTF8.GetString(SaveItemJson.Write(i)), 1)).OrderBy(x => x.Key, StringComparer.Ordinal),
            consuming.Handled.Select(d => (d.Key, d.Type, Encoding.UTF8.GetString(d.Body.Span), d.Attempt)).OrderBy(x => x.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_many_enqueue_at_once_is_delivered_in_batches_no_larger_than_the_prefetch_and_then_gone()
    {
        var largest = 0;
        await EnqueueAsync([.. Enumerable.Range(0, 100).Select(Item)]);
        await using (var consuming = await ConsumeAsync(prefetch: 16, batch =>
        {
            largest = Math.Max(largest, batch.Count);
            return All(batch, SaveOutcome.Ack);
        }))
        {
            await EnqueueAsync([.. Enumerable.Range(100, 100).Select(Item)]);
            await consuming.HandledKeysAsync(200);
            await CountBecomesAsync(0);
        }

        Assert.InRange(largest, 1, 16);
    }

    [Fact]
    public async Task Each_item_goes_to_one_of_several_consumers()
    {
        await using var one = await ConsumeAsync(prefetch: 4, batch => All(batch, SaveOutcome.Ack));
        await using var two = await ConsumeAsync(prefetch: 4, batch => All(batch, SaveOutcome.Ack));

        await EnqueueAsync([.. Enumerable.Range(0, 60).Select(Item)]);
        await Eventually.IsTrueAsync(() => Keys(one, two).Distinct().Count() == 60, "all are handled");
        await CountBecomesAsync(0);

        Assert.Equal(60, Keys(one, two).Count());

        static IEnumerable<string> Keys(params Consumption[] all) => all.SelectMany(c => c.Handled).Select(d => d.Key);
    }

    [Fact]
    public async Task Items_waiting_and_items_in_hand_are_counted()
    {
        var release = new TaskCompletionSource();
        await EnqueueAsync([.. Enumerable.Range(0, 5).Select(Item)]);
        await CountBecomesAsync(5);

        await using var consuming = await ConsumeAsync(prefetch: 2, async batch =>
        {
            await release.Task.WaitAsync(Patience);
            return All(batch, SaveOutcome.Ack);
        });
        await consuming.HandedAsync(1);
        await CountBecomesAsync(5);

        release.SetResult();
        await CountBecomesAsync(0);
    }

    [Fact]
    public async Task Everything_is_saved_only_when_no_consumer_holds_an_item_any_more()
    {
        var moment = TimeSpan.FromMilliseconds(100);
        Assert.True(await Queue.WaitUntilSavedAsync(Patience, None));
        await EnqueueAsync([.. Enumerable.Range(0, 5).Select(Item)]);
        Assert.False(await Queue.WaitUntilSavedAsync(moment, None));

        var release = new TaskCompletionSource();
        await using var idle = await ConsumeAsync(prefetch: 5, Hold);
        await using var consuming = await ConsumeAsync(prefetch: 5, Hold);
        await Eventually.IsTrueAsync(() => idle.HandedCount + consuming.HandedCount >= 1, "an item is in hand");
        Assert.False(await Queue.WaitUntilSavedAsync(moment, None));

        release.SetResult();
        Assert.True(await Queue.WaitUntilSavedAsync(Patience, None));
        Assert.Equal(5, idle.Handled.Concat(consuming.Handled).DistinctBy(d => d.Key).Count());

        async Task<SaveOutcome[]> Hold(IReadOnlyList<SaveDelivery> batch)
        {
            await release.Task.WaitAsync(Patience);
            return All(batch, SaveOutcome.Ack);
        }
    }

    [Fact]
    public async Task What_goes_back_to_the_queue_is_not_saved_until_it_is_handled_again()
    {
        var attempts = 0;
        var second = new TaskCompletionSource();
        await using var consuming = await ConsumeAsync(prefetch: 5, async batch =>
        {
            if (Interlocked.Increment(ref attempts) == 1)
            {
                return All(batch, SaveOutcome.Requeue);
            }

            await second.Task.WaitAsync(Patience);
            return All(batch, SaveOutcome.Ack);
        });
        await EnqueueAsync(Item(1));
        await consuming.HandedAsync(2);
        Assert.False(await Queue.WaitUntilSavedAsync(TimeSpan.FromMilliseconds(100), None));

        second.SetResult();
        Assert.True(await Queue.WaitUntilSavedAsync(Patience, None));
    }

    [Fact]
    public async Task A_requeued_item_comes_again_with_the_next_attempt_and_the_others_do_not()
    {
        await EnqueueAsync([.. Enumerable.Range(0, 4).Select(Item)]);

        await using var consuming = await ConsumeAsync(
            prefetch: 4, batch => [.. batch.Select(d => d.Key == Item(2).Key && d.Attempt == 1 ? SaveOutcome.Requeue : SaveOutcome.Ack)]);
        await consuming.HandledAsync(5);
        await CountBecomesAsync(0);

        Assert.Equal([1, 2], consuming.Handled.Where(d => d.Key == Item(2).Key).Select(d => d.Attempt));
        Assert.Equal(5, consuming.Handled.Count);
        Assert.Empty(await Dead.ListAsync(10, None));
    }

    [Fact]
    public async Task An_item_that_fails_at_every_attempt_becomes_a_dead_letter()
    {
        await EnqueueAsync(Item(1), Item(2));

        await using var consuming = await ConsumeAsync(
            prefetch: 1, batch => All(batch, batch[0].Key == Item(1).Key ? SaveOutcome.Requeue : SaveOutcome.Ack));
        await DeadBecomesAsync(1);

        var dead = Assert.Single(await Dead.ListAsync(10, None));
        Assert.Equal(Item(1).Key, dead.Key);
        Assert.NotEmpty(dead.Reason);
        await CountBecomesAsync(0);
    }

    [Fact]
    public async Task A_handler_that_throws_has_requeued_its_batch()
    {
        await EnqueueAsync(Item(1));

        await using var consuming = await ConsumeAsync(
            prefetch: 1, batch => batch[0].Attempt == 1 ? throw new InvalidOperationException("broken") : All(batch, SaveOutcome.Ack));
        await consuming.HandledAsync(2);
        await CountBecomesAsync(0);

        Assert.Equal([1, 2], consuming.Handled.Select(d => d.Attempt));
    }
}
