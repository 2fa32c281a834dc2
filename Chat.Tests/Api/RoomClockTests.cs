using Chat.Api.Messages;
using Chat.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Api;

public sealed class RoomClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _time = new(Noon);

    [Fact]
    public void A_time_is_after_everything_that_the_room_has_shown_also_when_the_clock_went_back()
    {
        var clock = new RoomClock(_time);
        Assert.Equal(Noon, clock.Next("general"));
        Assert.Equal(Noon.AddMilliseconds(1), clock.Next("general"));
        clock.Observe(Message("a", Noon.AddMinutes(1)));

        Assert.Equal(Noon.AddMinutes(1).AddMilliseconds(1), clock.Next("general", "b"));
        Assert.Equal(Noon, clock.Next("random"));
    }

    [Fact]
    public void A_message_sent_again_keeps_the_time_under_which_it_was_shown_here_or_elsewhere()
    {
        var clock = new RoomClock(_time);
        var refused = clock.Next("general", "refused");
        clock.Observe(Message("elsewhere", Noon.AddSeconds(-3)));
        _time.Advance(TimeSpan.FromSeconds(5));
        var answer = clock.Next("general", "answer");

        Assert.Equal(refused, clock.Next("general", "refused"));
        Assert.Equal(Noon.AddSeconds(-3), clock.Next("general", "elsewhere"));
        Assert.True(answer > refused);
    }

    private static Message Message(string id, DateTimeOffset at) => new() { Id = id, Sender = "alice", RoomId = "general", Content = id, Timestamp = at };
}
