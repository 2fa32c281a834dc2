using System.Text;
using Chat.Backends.Saving;

namespace Chat.Tests.Backends.Saving;

public abstract partial class SaveQueueContract
{
    [Fact]
    public async Task A_pause_gives_everything_back_and_ends_consuming()
    {
        await EnqueueAsync([.. Enumerable.Range(0, 6).Select(Item)]);
        await using (var pausing = await ConsumeAsync(prefetch: 3, batch => All(batch, SaveOutcome.Pause)))
        {
            await pausing.EndedAsync();
        }

        await CountBecomesAsync(6);
        await using var resumed = await ConsumeAsync(prefetch: 3, batch => All(batch, SaveOutcome.Ack));
        await resumed.HandledKeysAsync(6);
        await CountBecomesAsync(0);
        if (!PausingCountsAsAttempt)
        {
            Assert.All(resumed.Handled, d => Assert.Equal(1, d.Attempt));
        }
    }

    [Fact]
    public async Task A_pause_keeps_what_was_decided_for_others_of_the_batch()
    {
        await EnqueueAsync(Item(1), Item(2));
        await EnqueueRawAsync("bad", "message", "{"u8.ToArray());
        await using (var pausing = await ConsumeAsync(prefetch: 1, batch =>
            [.. batch.Select(d => d.Key == "bad" ? SaveOutcome.DeadLetter("not JSON") : d.Key == Item(1).Key ? SaveOutcome.Ack : SaveOutcome.Pause)]))
        {
            await pausing.EndedAsync();
        }

        await using var resumed = await ConsumeAsync(prefetch: 3, batch =>
            [.. batch.Select(d => d.Key == "bad" ? SaveOutcome.DeadLetter("not JSON") : SaveOutcome.Ack)]);
        await CountBecomesAsync(0);
        await DeadBecomesAsync(1);
        Assert.Contains(Item(2).Key, resumed.Handled.Select(d => d.Key));
    }

    [Fact]
    public async Task Cancelling_lets_the_batch_in_hand_finish_and_gives_the_rest_back()
    {
        await EnqueueAsync([.. Enumerable.Range(0, 6).Select(Item)]);
        var release = new TaskCompletionSource();
        await using (var consuming = await ConsumeAsync(prefetch: 2, async batch =>
        {
            await release.Task.WaitAsync(Patience);
            return All(batch, SaveOutcome.Ack);
        }))
        {
            await consuming.HandedAsync(1);
            consuming.Cancel();
            release.SetResult();
            await consuming.EndedAsync();
            await CountBecomesAsync(6 - consuming.Handled.Count);
        }

        await using var next = await ConsumeAsync(prefetch: 6, batch => All(batch, SaveOutcome.Ack));
        await CountBecomesAsync(0);
    }

    [Fact]
    public async Task A_dead_letter_keeps_its_body_and_reason_and_does_not_hold_up_the_rest()
    {
        byte[] body = [0xFF, 0x00, (byte)'{', 0x80];
        await EnqueueAsync(Item(1));
        await EnqueueRawAsync("bad-1", "message", body);
        await EnqueueRawAsync("bad-2", "nonsense", Encoding.UTF8.GetBytes("{}"));
        await EnqueueAsync(Item(2));

        await using var consuming = await ConsumeAsync(prefetch: 4, batch =>
            [.. batch.Select(d => d.Key.StartsWith("bad", StringComparison.Ordinal) ? SaveOutcome.DeadLetter($"{d.Key} is wrong") : SaveOutcome.Ack)]);
        await DeadBecomesAsync(2);
        await CountBecomesAsync(0);

        var dead = (await Dead.ListAsync(10, None)).OrderBy(d => d.Key, StringComparer.Ordinal).ToList();
        Assert.Equal([("bad-1", "message", "bad-1 is wrong"), ("bad-2", "nonsense", "bad-2 is wrong")], dead.Select(d => (d.Key, d.Type, d.Reason)));
        Assert.Equal(body, dead[0].Body.ToArray());
        Assert.Single(await Dead.ListAsync(1, None));
    }

    [Fact]
    public async Task Dead_letters_are_put_back_one_or_all()
    {
        string[] keys = ["bad-1", "bad-2", "bad-3"];
        foreach (var key in keys)
        {
            await EnqueueRawAsync(key, "message", "{}"u8.ToArray());
        }

        await using (await ConsumeAsync(prefetch: 3, batch => All(batch, SaveOutcome.DeadLetter("wrong"))))
        {
            await DeadBecomesAsync(3);
        }

        Assert.False(await Dead.RequeueAsync("unknown", None));
        Assert.True(await Dead.RequeueAsync("bad-2", None));
        await DeadBecomesAsync(2);
        await CountBecomesAsync(1);
        Assert.Equal(2, await Dead.RequeueAllAsync(None));
        await DeadBecomesAsync(0);

        await using var consuming = await ConsumeAsync(prefetch: 3, batch => All(batch, SaveOutcome.Ack));
        await consuming.HandledKeysAsync(3);
        Assert.Equal(keys, consuming.Handled.Select(d => d.Key).Distinct().Order(StringComparer.Ordinal));
        Assert.All(consuming.Handled, d => Assert.Equal(1, d.Attempt));
    }

    private Task DeadBecomesAsync(int count) =>
        Eventually.IsTrueAsync(async () => (await Dead.ListAsync(100, None)).Count == count, $"there are {count} dead letters");

    private Task CountBecomesAsync(int count) =>
        Eventually.IsTrueAsync(async () => await Queue.CountAsync(None) == count, $"the queue counts {count}");

    private Task<Consumption> ConsumeAsync(int prefetch, Func<IReadOnlyList<SaveDelivery>, IReadOnlyList<SaveOutcome>> handler) =>
        ConsumeAsync(prefetch, batch => Task.FromResult(handler(batch)));

    private async Task<Consumption> ConsumeAsync(int prefetch, Func<IReadOnlyList<SaveDelivery>, Task<IReadOnlyList<SaveOutcome>>> handler) =>
        new(await OpenConsumerAsync(prefetch), handler);

    private async Task<Consumption> ConsumeAsync(int prefetch, Func<IReadOnlyList<SaveDelivery>, Task<SaveOutcome[]>> handler) =>
        new(await OpenConsumerAsync(prefetch), async batch => await handler(batch));
}
