using System.Text.Json;
using Chat.Backends.Pods;
using Chat.Contracts;

namespace Chat.Tests.Backends.Pods;

public sealed class PodJsonTests
{
    public static TheoryData<string> Kinds => [.. Events().Select(e => e.GetType().Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_event_survives_the_wire(string kind)
    {
        var sent = Events().Single(e => e.GetType().Name == kind);
        var json = JsonSerializer.SerializeToUtf8Bytes(new PodEnvelope("p1", sent), PodJson.Default.PodEnvelope);
        var read = JsonSerializer.Deserialize(json, PodJson.Default.PodEnvelope)!;
        Assert.Equal("p1", read.Pod);
        Assert.Equal(sent.EventId, read.Event!.EventId);
        Assert.Equal(sent.RoomId, read.Event.RoomId);
        Assert.Equivalent(sent, read.Event, strict: true);
    }

    [Fact]
    public void Every_envelope_of_a_pod_begins_as_the_pod_recognises_its_own()
    {
        var pod = PodIdentity.New();
        var envelope = JsonSerializer.SerializeToUtf8Bytes(
            new PodEnvelope(pod.Id, new SessionsEnded("alice", null)), PodJson.Default.PodEnvelope);
        Assert.True(envelope.AsSpan().StartsWith(PodJson.HeadOf(pod)));
    }

    [Fact]
    public void An_event_of_a_pod_of_before_is_read()
    {
        var read = JsonSerializer.Deserialize(
            """{"pod":"p1","event":{"type":"presence","username":"alice","online":true,"eventId":"e1"}}""", PodJson.Default.PodEnvelope)!;
        var presence = Assert.IsType<PresenceChanged>(read.Event);
        Assert.Equal(("alice", true, null, null), (presence.Username, presence.Online, presence.Pod, presence.People));
    }

    private static IEnumerable<PodEvent> Events()
    {
        var at = new DateTimeOffset(2026, 2, 8, 14, 50, 0, TimeSpan.Zero);
        yield return new MessageArrived(new Message { Id = "m1", Sender = "alice", RoomId = "general", Content = "hi", Timestamp = at, Mentions = ["bob"] });
        yield return new MessageWasChanged(new ReactionChanged { Id = "m1", RoomId = "general", Username = "bob", Emoji = "👍", On = true, At = at });
        yield return new SomebodyTypes(new TypingEvent("general", "alice"));
        yield return new ReadMarkMoved(new ReadEvent("general", "alice", "m1"));
        yield return new RoomWasChanged(new RoomChanged { Id = "general", Name = "General", Kind = RoomKind.Private, MemberCount = 3 });
        yield return new MembershipChanged("general", "alice", true);
        yield return new PresenceChanged("alice", true)
        {
            Pod = "p1",
            Version = 7,
            People = [new PresenceEvent("alice", true), new PresenceEvent("bob", false)],
            Rooms = new Dictionary<string, IReadOnlyList<int>> { ["general"] = [0, 1] },
        };
        yield return new SessionsEnded("alice", null, "s1");
        yield return new ResyncNeeded("general");
    }
}
