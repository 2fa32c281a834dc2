using System.Text.Json;
using Chat.Backends.Pods;
using Chat.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Backends.Pods;

/// <summary>The channel alone, on transports that do as the test says.</summary>
public sealed class PodChannelTests
{
    private readonly FakeTransport _redis = new("redis");
    private readonly FakeTransport _broker = new("broker");
    private readonly FakeTimeProvider _time = new();
    private readonly List<PodEvent> _events = [];

    [Fact]
    public async Task Events_go_the_first_way_that_takes_them()
    {
        await using var channel = Create();
        Assert.True(await channel.PublishAsync(new PresenceChanged("alice", true), default));
        _redis.Refuses = true;
        Assert.True(await channel.PublishAsync(new PresenceChanged("bob", true), default));
        _redis.IsAvailable = false;
        Assert.Equal("broker", channel.Path);
        Assert.True(await channel.PublishAsync(new PresenceChanged("carol", true), default));

        Assert.Equal(["alice"], _redis.Published.OfType<PresenceChanged>().Select(e => e.Username));
        Assert.Equal(["bob", "carol"], _broker.Published.OfType<PresenceChanged>().Select(e => e.Username));
    }

    [Fact]
    public async Task What_no_way_takes_is_refused_and_goes_out_with_the_first_that_works_again_except_typing()
    {
        await using var channel = Create();
        _redis.IsAvailable = _broker.IsAvailable = false;
        Assert.Equal("none", channel.Path);
        Assert.False(await channel.PublishAsync(new SomebodyTypes(new TypingEvent("general", "alice")), default));
        Assert.False(await channel.PublishAsync(new SessionsEnded("alice", "s1"), default));
        Assert.False(await channel.PublishAsync(new SessionsEnded("alice", "s2"), default));

        _broker.IsAvailable = true;
        channel.OnGap(_broker);

        await Eventually.IsTrueAsync(() => _broker.Published.Count == 2, "both were sent");
        Assert.Equal(["s1", "s2"], _broker.Published.Cast<SessionsEnded>().Select(e => e.SessionId));
        Assert.IsType<ResyncNeeded>(Assert.Single(_events));
    }

    [Fact]
    public async Task What_comes_twice_or_from_itself_or_is_not_readable_is_dropped()
    {
        await using var channel = Create();
        var ended = new SessionsEnded("alice", "s1");
        await channel.OnBodyAsync(Body("other", ended));
        await channel.OnBodyAsync(Body("another", ended));
        await channel.OnBodyAsync(Body(channel.PodId, new SessionsEnded("alice", "s2")));
        await channel.OnBodyAsync("not json"u8.ToArray());
        Assert.Equal([ended], _events);

        // One message is one, whichever event brought it.
        var message = PodMessages.New("general", 1);
        await channel.OnBodyAsync(Body("other", new MessageArrived(message)));
        await channel.OnBodyAsync(Body("other", new MessageArrived(message with { Seq = 7, Epoch = "e" })));
        Assert.Equal(2, _events.Count);
    }

    [Fact]
    public async Task What_a_pod_published_itself_is_dropped_without_being_parsed()
    {
        var log = new CountingLogger();
        await using var channel = new PodChannel(new PodIdentity("me"), [_redis], TimeProvider.System, log);
        channel.OnEvent(Add);

        await channel.OnBodyAsync("""{"pod":"me","event":not json"""u8.ToArray());
        Assert.Equal(0, log.Count);
        await channel.OnBodyAsync("""{"pod":"other","event":not json"""u8.ToArray());
        Assert.Equal(1, log.Count);
    }

    [Fact]
    public async Task While_a_pod_is_apart_from_Redis_the_others_publish_on_every_way_and_then_no_more()
    {
        await using var channel = Create();
        var message = PodMessages.New("general", 1);
        ((IPodMirror)channel).Appended(message);
        Assert.Empty(_broker.Published);

        await channel.OnBodyAsync(JsonSerializer.SerializeToUtf8Bytes(new PodEnvelope("cut off", null, Apart: true), PodJson.Default.PodEnvelope));
        Assert.Empty(_events);
        Assert.True(await channel.PublishAsync(new SessionsEnded("alice", "s1"), default));
        ((IPodMirror)channel).Appended(message with { Seq = 1, Epoch = "e" });
        Assert.Equal(["SessionsEnded"], _redis.Published.Select(e => e.GetType().Name));
        var deleted = new MessageDeleted { RoomId = "general", Id = "m1", Username = "alice", At = default, Seq = 2, Epoch = "e" };
        ((IPodMirror)channel).Changed(deleted);
        Assert.Equal(["SessionsEnded", "MessageArrived", "MessageWasChanged"], _broker.Published.Select(e => e.GetType().Name));
        Assert.Equal("ce-2", _broker.Published.Last().EventId);

        _time.Advance(TimeSpan.FromMinutes(1));
        await channel.PublishAsync(new SessionsEnded("alice", "s2"), default);
        Assert.Equal((2, 3), (_redis.Published.Count, _broker.Published.Count));
    }

    [Fact]
    public async Task A_pod_apart_from_Redis_says_so_again_and_again_and_looks_once_for_what_was_said_before_it_was_heard()
    {
        await using var channel = Create();
        _redis.IsAvailable = false;
        for (var i = 1; i <= 2; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            await Eventually.IsTrueAsync(() => _broker.SaidApart == i, "it was said");
        }

        _time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.IsTrueAsync(() => _broker.SaidApart == 3 && _events.Count == 1, "it looked for what was missed");
        Assert.IsType<ResyncNeeded>(_events[0]);

        _redis.IsAvailable = true;
        _time.Advance(TimeSpan.FromSeconds(2));
        await channel.PublishAsync(new SessionsEnded("alice", "s1"), default);
        Assert.Equal((0, 3, 1), (_redis.SaidApart, _broker.SaidApart, _events.Count));
    }

    [Fact]
    public async Task A_handler_that_fails_does_not_keep_the_next_event_from_coming()
    {
        await using var channel = new PodChannel(new PodIdentity("me"), [_redis], TimeProvider.System, NullLogger<PodChannel>.Instance);
        channel.OnEvent(e => e is PresenceChanged { Username: "bad" } ? throw new InvalidOperationException() : Add(e));
        await channel.OnBodyAsync(Body("other", new PresenceChanged("bad", true)));
        await channel.OnBodyAsync(Body("other", new PresenceChanged("good", true)));
        Assert.Single(_events);
    }

    private PodChannel Create()
    {
        var channel = new PodChannel(new PodIdentity("me"), [_redis, _broker], _time, NullLogger<PodChannel>.Instance);
        channel.OnEvent(Add);
        return channel;
    }

    private Task Add(PodEvent podEvent)
    {
        _events.Add(podEvent);
        return Task.CompletedTask;
    }

    private static byte[] Body(string pod, PodEvent podEvent) =>
        JsonSerializer.SerializeToUtf8Bytes(new PodEnvelope(pod, podEvent), PodJson.Default.PodEnvelope);

    private sealed class CountingLogger : ILogger<PodChannel>
    {
        public int Count { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Count++;
    }

    private sealed class FakeTransport(string name) : IPodTransport
    {
        public string Name => name;

        public bool IsAvailable { get; set; } = true;

        public bool Refuses { get; set; }

        public List<PodEvent> Published { get; } = [];

        public int SaidApart { get; private set; }

        public void Start(IPodReceiver receiver)
        {
        }

        public Task SubscribeAsync(string roomId, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask<bool> PublishAsync(string? roomId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
        {
            var envelope = JsonSerializer.Deserialize(body.Span, PodJson.Default.PodEnvelope)!;
            if (envelope.Event is null)
            {
                SaidApart++;
            }
            else if (!Refuses)
            {
                Published.Add(envelope.Event);
            }

            return ValueTask.FromResult(!Refuses);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
