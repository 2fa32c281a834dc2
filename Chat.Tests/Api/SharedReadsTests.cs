using System.Reflection;
using Chat.Api.Messages;
using Chat.Backends.Recent;

namespace Chat.Tests.Api;

/// <summary>After a restart everybody in a room asks Redis for the same.</summary>
public sealed class SharedReadsTests
{
    [Fact]
    public async Task A_crowd_that_reads_a_room_at_once_costs_two_readings_and_none_gets_an_older_answer_than_it_asked_for()
    {
        var recent = DispatchProxy.Create<IRecentMessages, RecentCalls>();
        var calls = (RecentCalls)recent;
        var reads = new SharedReads(recent);

        var first = reads.ReadAsync("general", default);
        var others = Enumerable.Range(0, 200).Select(_ => reads.ReadAsync("general", default)).ToList();
        calls.Answer(seq: 1);
        await first;
        await Backends.Eventually.IsTrueAsync(() => calls.Asked == 2, "the others' reading begins");
        calls.Answer(seq: 2);

        Assert.Equal(1, (await first)!.Seq);
        Assert.All(await Task.WhenAll(others), window => Assert.Equal(2, window!.Seq));
        Assert.Equal(2, calls.Asked);
    }

    [Fact]
    public async Task Rooms_and_numbers_are_read_apart()
    {
        var recent = DispatchProxy.Create<IRecentMessages, RecentCalls>();
        var reads = new SharedReads(recent);

        Task[] reading =
        [
            reads.ReadAsync("general", default),
            reads.ReadAsync("other", default),
            reads.ReadChangesAsync("general", "1-a", 3, default),
            reads.ReadChangesAsync("general", "1-a", 4, default),
        ];

        var calls = (RecentCalls)recent;
        Assert.Equal(reading.Length, calls.Asked);
        calls.Answer(seq: 1);
        await Task.WhenAll(reading);
    }

    /// <summary>Answers when the test says so.</summary>
    public class RecentCalls : DispatchProxy
    {
        private readonly HeldAnswers<long> _answers = new();

        public int Asked => _answers.Asked;

        public void Answer(long seq) => _answers.Answer(seq);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
        {
            nameof(IRecentMessages.ReadAsync) => new ValueTask<RecentWindow?>(WindowAsync(_answers.AskAsync())),
            nameof(IRecentMessages.ReadChangesAsync) => new ValueTask<RecentChanges?>(ChangesAsync(_answers.AskAsync())),
            _ => throw new NotSupportedException(targetMethod?.Name),
        };

        private static async Task<RecentWindow?> WindowAsync(Task<long> seq) => new([], await seq, "1-a", 0);

        private static async Task<RecentChanges?> ChangesAsync(Task<long> seq) => new([], await seq, "1-a", IsComplete: true);
    }
}
