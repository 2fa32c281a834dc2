using Chat.Backends.Recent;
using Chat.Contracts;

namespace Chat.Tests.Backends.Recent;

public sealed class ChangeTurnsTests
{
    private readonly List<IReadOnlyList<ChangeToApply>> _turns = [];
    private readonly Queue<TaskCompletionSource<bool>> _answers = new();

    [Fact]
    public async Task Changes_that_come_during_a_turn_are_applied_together_in_the_next_and_other_messages_do_not_wait()
    {
        var turns = new ChangeTurns(Apply);
        var (first, other, second) = (Answer(), Answer(), Answer());

        var begun = turns.ApplyAsync(Change("m1", 0));
        var waiting = Enumerable.Range(1, 200).Select(i => turns.ApplyAsync(Change("m1", i))).ToList();
        var elsewhere = turns.ApplyAsync(Change("m2", 0));
        Assert.Equal([1, 1], _turns.Select(t => t.Count));
        other.SetResult(true);
        Assert.NotNull(await elsewhere);
        Assert.DoesNotContain(waiting, w => w.IsCompleted);

        first.SetResult(true);
        Assert.NotNull(await begun);
        second.SetResult(true);
        Assert.Equal(Enumerable.Range(1, 200).Select(i => $"user{i}"), (await Task.WhenAll(waiting)).Select(c => c!.Username));
        Assert.Equal([1, 1, 200], _turns.Select(t => t.Count));

        Answer().SetResult(false);
        Assert.Null(await turns.ApplyAsync(Change("m1", 201)));
    }

    [Fact]
    public async Task A_turn_that_fails_fails_its_own_changes_and_the_next_comes()
    {
        var turns = new ChangeTurns(Apply);
        var (first, second, third) = (Answer(), Answer(), Answer());
        var failing = turns.ApplyAsync(Change("m1", 0));
        var waiting = turns.ApplyAsync(Change("m1", 1));
        second.SetResult(true);
        first.SetException(new InvalidOperationException("a bug"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        Assert.NotNull(await waiting);
        third.SetResult(true);
        Assert.NotNull(await turns.ApplyAsync(Change("m1", 2)));
    }

    private async Task<IReadOnlyList<MessageChange>?> Apply(IReadOnlyList<ChangeToApply> changes)
    {
        _turns.Add(changes);
        return await _answers.Dequeue().Task ? [.. changes.Select(c => c.Change)] : null;
    }

    private TaskCompletionSource<bool> Answer()
    {
        var answer = new TaskCompletionSource<bool>();
        _answers.Enqueue(answer);
        return answer;
    }

    private static ChangeToApply Change(string id, int i) => new(
        new ReactionChanged { RoomId = "r", Id = id, Username = $"user{i}", Emoji = "👍", On = true, At = DateTimeOffset.UnixEpoch },
        Again: false);
}
