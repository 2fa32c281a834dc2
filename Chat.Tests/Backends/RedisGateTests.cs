using Chat.Tests.Backends.Pods;
using Chat.Tests.Servers;
using StackExchange.Redis;

namespace Chat.Tests.Backends;

/// <summary>What one call does to the others, on a Redis that answers.</summary>
public sealed class RedisGateTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    [Fact]
    public async Task A_key_of_the_wrong_type_is_an_error_of_its_call_and_interrupts_nothing()
    {
        await using var pod = await TestPod.StartAsync(redis.ConnectionString);
        var key = $"wrong:{Guid.NewGuid():N}";
        await pod.Gate.TryAsync(d => d.StringSetAsync(key, "x"));
        for (var i = 0; i < 20; i++)
        {
            await Assert.ThrowsAsync<RedisServerException>(() => pod.Gate.TryAsync(d => d.ListRangeAsync(key), vital: true).AsTask());
            await Assert.ThrowsAsync<RedisServerException>(
                () => pod.Gate.TryAsync(d => d.ScriptEvaluateAsync("return redis.call('LLEN', KEYS[1])", [key]), vital: true).AsTask());
        }

        Assert.Equal((true, 0L), (pod.Gate.IsOpen, pod.Gate.Since));
    }

    [Fact]
    public async Task One_slow_call_interrupts_nothing()
    {
        await using var pod = await TestPod.StartAsync(redis.ConnectionString);
        var (done, _) = await pod.Gate.TryAsync<bool>(_ => throw new TimeoutException());

        Assert.False(done);
        Assert.True((await pod.Gate.TryAsync(d => d.PingAsync())).Done);
        Assert.Equal((true, 0L), (pod.Gate.IsOpen, pod.Gate.Since));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_vital_call_that_was_not_confirmed_and_a_lost_connection_end_what_began_before(bool slow)
    {
        await using var pod = await TestPod.StartAsync(redis.ConnectionString);
        var (closed, reopened) = (0, 0);
        pod.Gate.Closed += () => Interlocked.Increment(ref closed);
        pod.Gate.Reopened += () => Interlocked.Increment(ref reopened);
        var (done, _) = slow
            ? await pod.Gate.TryAsync<bool>(_ => throw new TimeoutException(), vital: true)
            : await pod.Gate.TryAsync<bool>(_ => throw Lost());

        Assert.False(done);
        await Eventually.IsTrueAsync(() => reopened == 1, "Redis is used again");
        Assert.Equal((true, 1), (pod.Gate.IsOpen, closed));
        Assert.True(pod.Gate.Since > 0);
    }

    [Fact]
    public async Task A_script_that_Redis_has_forgotten_is_sent_again_also_in_a_batch()
    {
        await using var pod = await TestPod.StartAsync(redis.ConnectionString);
        var script = $"return '{Guid.NewGuid():N}'";
        Assert.True((await pod.Gate.TryPipelinedAsync(d => d.ScriptEvaluateAsync(script))).Done);

        // The first call goes out alone, the second is in the batch that follows it.
        var first = pod.Gate.TryPipelinedAsync(d => d.ExecuteAsync("SCRIPT", "FLUSH"));
        var second = pod.Gate.TryPipelinedAsync(d => d.ScriptEvaluateAsync(script), vital: true);

        Assert.True((await first).Done);
        Assert.True((await second).Done);
        Assert.Equal((true, 0L), (pod.Gate.IsOpen, pod.Gate.Since));
    }

    private static RedisConnectionException Lost() =>
        new(ConnectionFailureType.SocketClosed, CommandFlags.None, "closed", null, CommandStatus.Sent);
}
