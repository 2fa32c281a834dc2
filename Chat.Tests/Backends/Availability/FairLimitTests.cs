using Chat.Backends.Availability;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Backends.Availability;

/// <summary>A service is blamed for the time that it takes, and not for the time that this process takes.</summary>
public sealed class FairLimitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(150);
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource<int> _answer = new();
    private bool _isBusy;

    [Fact]
    public async Task An_answer_within_the_limit_is_the_result()
    {
        var waiting = Wait();
        _answer.SetResult(7);
        Assert.Equal(7, await waiting);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_in_time_is_a_timeout()
    {
        var waiting = Wait();
        _time.Advance(Limit);
        await Assert.ThrowsAsync<TimeoutException>(() => waiting);
    }

    [Fact]
    public async Task A_process_whose_threads_are_busy_waits_longer_and_still_not_for_ever()
    {
        _isBusy = true;
        var waiting = Wait();
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(Limit);
            Assert.False(waiting.IsCompleted);
        }

        _time.Advance(Limit);
        await Assert.ThrowsAsync<TimeoutException>(() => waiting);
    }

    [Fact]
    public async Task A_process_that_stood_still_reads_the_answer_that_came_meanwhile()
    {
        var waiting = Wait();
        _time.Advance(Limit + TimeSpan.FromMilliseconds(400));
        Assert.False(waiting.IsCompleted);

        _answer.SetResult(7);
        Assert.Equal(7, await waiting);
    }

    [Fact]
    public async Task The_services_own_timeout_is_passed_on()
    {
        _isBusy = true;
        var waiting = Wait();
        _answer.SetException(new TimeoutException("its own"));
        Assert.Equal("its own", (await Assert.ThrowsAsync<TimeoutException>(() => waiting)).Message);
    }

    private Task<int> Wait() =>
        new FairLimit(Limit, TimeSpan.FromSeconds(1), _time, () => new ValueTask<bool>(_isBusy)).WaitAsync(_answer.Task);
}
