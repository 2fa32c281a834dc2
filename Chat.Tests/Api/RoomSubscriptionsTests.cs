using Chat.Api.Realtime;
using Chat.Tests.Servers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Api;

public sealed class RoomSubscriptionsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakePodChannel _channel = new();
    private readonly Connections _connections = new();

    [Fact]
    public async Task A_room_that_nobody_here_is_in_any_more_costs_nothing_after_a_while()
    {
        using var lifetime = new Lifetime();
        var subscriptions = new RoomSubscriptions(_channel, _connections, _time, lifetime, NullLogger<RoomSubscriptions>.Instance);
        var connection = new Connection("c1", "alice", "s1", null!);
        _connections.Add(connection);
        for (var i = 0; i < 100; i++)
        {
            _connections.Enter($"room-{i}", "alice");
            await subscriptions.EnterAsync($"room-{i}", default);
        }

        Assert.Equal((100, 100), (subscriptions.Count, _channel.Subscribed.Count));
        var departure = _connections.Remove(connection)!;
        Assert.Equal(100, departure.Emptied.Count);
        foreach (var room in departure.Emptied)
        {
            subscriptions.Leave(room);
        }

        Assert.Equal(100, _channel.Subscribed.Count);
        _connections.Add(new Connection("c2", "bob", "s2", null!));
        _connections.Enter("room-7", "bob");
        await subscriptions.EnterAsync("room-7", default);
        await Eventually.AsyncTrue(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return subscriptions.Count == 1;
        });
        Assert.Equal(["room-7"], _channel.Subscribed.Keys);
    }

    [Fact]
    public void A_connection_that_was_removed_is_not_added_any_more()
    {
        var connection = new Connection("c1", "alice", "s1", null!);
        Assert.Null(_connections.Remove(connection));
        Assert.False(_connections.Add(connection));
        Assert.Equal(0, _connections.Count);
        Assert.False(_connections.Enter("general", "alice"));
        Assert.False(_connections.IsHere("general"));
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();

        public void Dispose() => _stopping.Dispose();
    }
}
