using Chat.Backends;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Backends;

public sealed class ResilientLoopTests
{
    [Fact]
    public async Task A_loop_is_started_again_after_any_exception_until_it_returns()
    {
        var time = new FakeTimeProvider();
        Queue<Exception> errors = new(
            [new InvalidOperationException("WRONGTYPE"), new BackendUnavailableException("cache"), new OperationCanceledException("Not by the token.")]);
        var runs = 0;
        var loop = ResilientLoop.RunAsync(
            "test",
            _ =>
            {
                runs++;
                return errors.TryDequeue(out var error) ? throw error : Task.CompletedTask;
            },
            time,
            NullLogger.Instance,
            default);
        await Eventually.IsTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return loop.IsCompleted;
            },
            "the loop returned");
        await loop;
        Assert.Equal(4, runs);
    }

    [Fact]
    public async Task A_loop_that_is_told_to_stop_ends_without_an_exception_also_between_two_tries()
    {
        using var stopping = new CancellationTokenSource();
        var running = ResilientLoop.RunAsync(
            "test", token => Task.Delay(Timeout.Infinite, token), TimeProvider.System, NullLogger.Instance, stopping.Token);
        var waiting = ResilientLoop.RunAsync(
            "test", _ => throw new InvalidOperationException(), new FakeTimeProvider(), NullLogger.Instance, stopping.Token);
        await stopping.CancelAsync();
        await running.WaitAsync(Eventually.Patience);
        await waiting.WaitAsync(Eventually.Patience);
    }
}
