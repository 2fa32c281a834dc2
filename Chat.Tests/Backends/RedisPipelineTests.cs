using Chat.Backends;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Chat.Tests.Backends;

/// <summary>How calls that come at the same time share a write, on a connection that no server answers.</summary>
public sealed class RedisPipelineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _sent = [];
    private readonly RedisPipeline _pipeline;
    private readonly IDatabase _database;

    public RedisPipelineTests()
    {
        _pipeline = new RedisPipeline(Limit, _time);
        _database = RecordingDatabase.Create(_sent);
    }

    [Fact]
    public async Task A_call_alone_is_sent_at_once_without_a_batch()
    {
        Assert.Equal("a", await Call("a", Task.CompletedTask));
        Assert.Equal("b", await Call("b", Task.CompletedTask));
        Assert.Equal(["a", "b"], _sent);
    }

    [Fact]
    public async Task Calls_that_come_while_one_is_under_way_are_sent_together_in_their_order_after_its_answer()
    {
        var answer = new TaskCompletionSource();
        var first = Call("a", answer.Task);
        var second = Call("b", Task.CompletedTask);
        var third = Call("c", Task.CompletedTask);
        Assert.Equal(["a"], _sent);

        answer.SetResult();
        Assert.Equal(["a", "b", "c"], await Task.WhenAll(first, second, third).WaitAsync(Waiting));
        Assert.Equal(["a", "batch: b", "batch: c", "executed"], _sent);
    }

    [Fact]
    public async Task The_next_batch_waits_for_the_last_answer_of_the_one_before()
    {
        TaskCompletionSource first = new(), third = new();
        var calls = new List<Task<string>> { Call("a", first.Task), Call("b", Task.CompletedTask), Call("c", third.Task) };
        first.SetResult();
        await calls[1].WaitAsync(Waiting);
        calls.Add(Call("d", Task.CompletedTask));
        Assert.DoesNotContain("batch: d", _sent);

        third.SetResult();
        await Task.WhenAll(calls).WaitAsync(Waiting);
        Assert.Equal(["a", "batch: b", "batch: c", "executed", "batch: d", "executed"], _sent);
    }

    [Fact]
    public async Task A_call_that_is_never_answered_holds_the_others_no_longer_than_the_limit()
    {
        var never = Call("a", new TaskCompletionSource().Task);
        var second = Call("b", Task.CompletedTask);
        Assert.False(second.IsCompleted);

        _time.Advance(Limit);
        Assert.Equal("b", await second.WaitAsync(Waiting));
        Assert.False(never.IsCompleted);
    }

    [Fact]
    public async Task An_error_is_that_of_its_own_call_and_stops_no_other()
    {
        var answer = new TaskCompletionSource();
        var first = Call("a", answer.Task);
        var second = _pipeline.CallAsync<string>(_database, _ => throw new ArgumentException("cannot be written"));
        var third = Call("c", Task.CompletedTask);
        answer.SetException(new InvalidOperationException("the server refused it"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Assert.ThrowsAsync<ArgumentException>(() => second.WaitAsync(Waiting));
        Assert.Equal("c", await third.WaitAsync(Waiting));
        await Assert.ThrowsAsync<ArgumentException>(
            () => _pipeline.CallAsync<string>(_database, _ => throw new ArgumentException("cannot be written either")));
        Assert.Equal("d", await Call("d", Task.CompletedTask).WaitAsync(Waiting));
    }

    [Theory]
    [InlineData(nameof(IDatabase.CreateBatch))]
    [InlineData(nameof(IBatch.Execute))]
    public async Task A_batch_that_finds_no_connection_fails_its_own_calls_only(string where)
    {
        var answer = new TaskCompletionSource();
        var first = Call("a", answer.Task);
        var second = Call("b", new TaskCompletionSource().Task);
        ((RecordingDatabase)_database).FailsOnceIn = where;
        answer.SetResult();
        await first;

        await Assert.ThrowsAsync<RedisConnectionException>(() => second.WaitAsync(Waiting));
        Assert.Equal("c", await Call("c", Task.CompletedTask).WaitAsync(Waiting));
    }

    private static TimeSpan Waiting => TimeSpan.FromSeconds(30);

    private Task<string> Call(string name, Task answer) => _pipeline.CallAsync(_database, async target =>
    {
        _sent.Add(target is IBatch ? $"batch: {name}" : name);
        await answer;
        return name;
    });

    /// <summary>A database that makes batches and can do nothing else. Public because the proxy is derived from it.</summary>
    public class RecordingDatabase : System.Reflection.DispatchProxy
    {
        private List<string> _sent = [];
        private RecordingDatabase? _maker;

        /// <summary>The method that throws at its next call, as it does where no server is connected.</summary>
        public string? FailsOnceIn { get; set; }

        public static IDatabase Create(List<string> sent)
        {
            var database = Create<IDatabase, RecordingDatabase>();
            ((RecordingDatabase)(object)database)._sent = sent;
            return database;
        }

        protected override object? Invoke(System.Reflection.MethodInfo? targetMethod, object?[]? args)
        {
            var database = _maker ?? this;
            if (database.FailsOnceIn is { } name && name == targetMethod?.Name)
            {
                database.FailsOnceIn = null;
                throw new RedisConnectionException(ConnectionFailureType.UnableToConnect, CommandFlags.None, name);
            }

            switch (targetMethod?.Name)
            {
                case nameof(IDatabase.CreateBatch):
                    var batch = Create<IBatch, RecordingDatabase>();
                    ((RecordingDatabase)(object)batch)._sent = _sent;
                    ((RecordingDatabase)(object)batch)._maker = this;
                    return batch;
                case nameof(IBatch.Execute):
                    _sent.Add("executed");
                    return null;
                default:
                    throw new NotSupportedException(targetMethod?.Name);
            }
        }
    }
}
