using Chat.Backends;

namespace Chat.Tests.Backends;

public sealed class SharedCallsTests
{
    private readonly List<string> _asked = [];
    private readonly Queue<TaskCompletionSource<int>> _answers = new();
    private readonly SharedCalls<string, int> _calls = new();

    [Fact]
    public async Task Those_who_ask_while_a_call_runs_share_the_next_one_and_other_keys_do_not_wait()
    {
        var (first, other, second) = (Answer(), Answer(), Answer());

        var begun = AskAsync("room", default);
        var waiting = Enumerable.Range(0, 200).Select(_ => AskAsync("room", default)).ToList();
        var elsewhere = AskAsync("other", default);
        Assert.Equal(["room", "other"], _asked);
        other.SetResult(3);
        Assert.Equal(3, await elsewhere);

        first.SetResult(1);
        Assert.Equal(1, await begun);
        second.SetResult(2);
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(2, answer));
        Assert.Equal(["room", "other", "room"], _asked);
    }

    [Fact]
    public async Task A_call_that_fails_fails_those_whose_call_it_was_and_nothing_is_kept()
    {
        var (first, second) = (Answer(), Answer());
        var failing = AskAsync("room", default);
        var waiting = AskAsync("room", default);
        first.SetException(new InvalidOperationException("a bug"));
        second.SetResult(2);

        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        Assert.Equal(2, await waiting);
        await Eventually.IsTrueAsync(() => _calls.Count == 0, "nothing is kept");
    }

    [Fact]
    public async Task Who_stops_waiting_does_not_end_the_call_of_the_others()
    {
        using var gone = new CancellationTokenSource();
        var (first, second) = (Answer(), Answer());
        var begun = AskAsync("room", default);
        var leaving = AskAsync("room", gone.Token);
        var staying = AskAsync("room", default);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        first.SetResult(1);
        second.SetResult(2);
        Assert.Equal(1, await begun);
        Assert.Equal(2, await staying);
    }

    private Task<int> AskAsync(string key, CancellationToken cancellationToken) => _calls.AskAsync(
        key,
        () =>
        {
            _asked.Add(key);
            return _answers.Dequeue().Task;
        },
        cancellationToken);

    private TaskCompletionSource<int> Answer()
    {
        var answer = new TaskCompletionSource<int>();
        _answers.Enqueue(answer);
        return answer;
    }
}
