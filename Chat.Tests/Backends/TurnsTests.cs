using Chat.Backends;

namespace Chat.Tests.Backends;

public sealed class TurnsTests
{
    [Fact]
    public async Task Callers_enter_one_at_a_time_in_the_order_in_which_they_asked()
    {
        var turns = new Turns();
        var entered = new List<int>();
        var first = await turns.EnterAsync("room", default);
        var waiting = Enumerable.Range(0, 20).Select(async i =>
        {
            using (await turns.EnterAsync("room", default))
            {
                entered.Add(i);
                await Task.Yield();
            }
        }).ToList();
        using (await turns.EnterAsync("other", default))
        {
            Assert.Empty(entered);
        }

        first.Dispose();
        first.Dispose();
        await Task.WhenAll(waiting).WaitAsync(Eventually.Patience);
        Assert.Equal(Enumerable.Range(0, 20), entered);
    }

    [Fact]
    public async Task Keys_that_nobody_uses_any_more_cost_nothing()
    {
        var turns = new Turns();
        for (var i = 0; i < 1_000; i++)
        {
            (await turns.EnterAsync($"room-{i}", default)).Dispose();
        }

        Assert.Equal(0, turns.Count);

        using var held = await turns.EnterAsync("room", default);
        using var gone = new CancellationTokenSource();
        var waiting = turns.EnterAsync("room", gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(1, turns.Count);
        held.Dispose();
        Assert.Equal(0, turns.Count);
    }
}
