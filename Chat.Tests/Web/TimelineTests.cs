using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

public sealed class TimelineTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public TimelineTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
    }

    [Fact]
    public void A_jump_to_an_old_message_shows_its_surroundings_and_scrolling_joins_them_with_the_rest()
    {
        var messages = Enumerable.Range(0, 500).Select(i => _server.Says("bob", "general", $"m{i}")).ToList();
        var alice = new TestClient(_server, "alice").Start("general");
        var timeline = alice.Room("general").Timeline;

        Assert.True(_sim.Await(() => alice.Actions.LoadAroundAsync("general", messages[100].Id)).Ok);

        Assert.Equal(Enumerable.Range(50, 100).Select(i => $"m{i}"), alice.Texts("general"));
        Assert.True(timeline.View is { HasOlder: true, HasNewer: true });

        // What comes in live has its place at the end, not on this screen.
        _sim.Do(() => _server.Says("bob", "general", "m500"));
        _sim.RunSeconds(1);
        Assert.Equal("m149", alice.Texts("general")[^1]);

        while (timeline.View.HasNewer)
        {
            Assert.True(_sim.Await(() => alice.Actions.LoadNewerAsync("general")).Ok);
        }

        Assert.Equal(Enumerable.Range(50, 451).Select(i => $"m{i}"), alice.Texts("general"));
        alice.ScrollThroughAll("general");
        Assert.Equal(Enumerable.Range(0, 501).Select(i => $"m{i}"), alice.Texts("general"));
    }

    [Fact]
    public void What_was_pushed_while_a_newest_page_that_begins_anew_was_on_its_way_is_kept()
    {
        var messages = Enumerable.Range(0, 5).Select(i => _server.Says("bob", "general", $"m{i}")).ToList();
        var timeline = new Timeline("general", () => "alice", _sim.Time);
        timeline.Merge([messages[0]], HistoryKey.Start, HistoryKey.End);
        timeline.Receive(messages[4]);

        timeline.StartAnew(HistoryKey.Of(messages[0]), [messages[2], messages[3]], HistoryKey.Of(messages[2]));

        Assert.Equal(["m2", "m3", "m4"], timeline.View.Items.Select(i => i.Message.Content));
    }

    [Fact]
    public void What_one_wrote_elsewhere_before_a_room_is_opened_comes_with_its_page_and_not_as_if_on_its_way()
    {
        var alice = new TestClient(_server, "alice").Start();
        _sim.Do(() => _server.Says("alice", "general", "from another device"));
        _sim.RunSeconds(1);
        _server.PagesTake = TimeSpan.FromSeconds(1);

        _sim.Do(() => _ = alice.Actions.OpenRoomAsync("general"));
        Assert.Empty(alice.Shown("general"));
        _sim.RunSeconds(2);

        Assert.Equal(["from another device"], alice.Texts("general"));
        Assert.All(alice.Shown("general"), i => Assert.Equal(SendState.Sent, i.State));
    }

    [Fact]
    public void A_jump_to_the_very_first_message_works()
    {
        var messages = Enumerable.Range(0, 300).Select(i => _server.Says("bob", "general", $"m{i}")).ToList();
        var alice = new TestClient(_server, "alice").Start("general");

        Assert.True(_sim.Await(() => alice.Actions.LoadAroundAsync("general", messages[0].Id)).Ok);

        Assert.Equal("m0", alice.Texts("general")[0]);
        Assert.False(alice.Room("general").Timeline.View.HasOlder);
    }

    [Fact]
    public void A_jump_to_a_message_that_is_not_there_says_so()
    {
        var alice = new TestClient(_server, "alice").Start("general");

        var outcome = _sim.Await(() => alice.Actions.LoadAroundAsync("general", MessageId.For("bob", "never sent")));

        Assert.Equal(ErrorCodes.MessageNotFound, outcome.Code);
    }

    [Fact]
    public void Changes_that_come_before_their_message_are_not_lost()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        var message = new Message
        {
            Id = MessageId.For("bob", "x"),
            Sender = "bob",
            RoomId = "general",
            Content = "draft",
            Timestamp = _sim.Time.GetUtcNow(),
        };
        var timeline = alice.Room("general").Timeline;
        timeline.Apply(new MessageEdited
        {
            RoomId = "general",
            Id = message.Id,
            Username = "bob",
            At = message.Timestamp.AddSeconds(1),
            Content = "final",
            EditId = "e",
        });

        timeline.Receive(message);

        Assert.Equal(["final"], alice.Texts("general"));
    }

    [Fact]
    public void A_copy_that_counts_more_moves_the_message_to_where_everybody_sees_it()
    {
        var at = _sim.Time.GetUtcNow();
        var timeline = new Timeline("general", () => "alice", _sim.Time);
        var early = Message("a", at.AddSeconds(1));
        var moved = Message("b", at.AddSeconds(5));
        timeline.Merge([early, Message("c", at.AddSeconds(3)), moved], HistoryKey.Start, HistoryKey.End);

        timeline.Receive(moved with { Timestamp = at.AddSeconds(2), Seq = 1, Epoch = "e" });

        Assert.Equal(["a", "b", "c"], timeline.View.Items.Select(i => i.Message.Content));
    }

    [Fact]
    public void Rows_that_did_not_change_keep_their_reference_so_that_nothing_is_drawn_twice()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        Message? first = null;
        _sim.Do(() => first = _server.Says("bob", "general", "first"));
        _sim.RunSeconds(1);
        var before = Assert.Single(alice.Shown("general"));

        _sim.Do(() => _server.Says("bob", "general", "second"));
        _sim.RunSeconds(1);

        Assert.Same(before, alice.Shown("general")[0]);
        _sim.Do(() => FakeApi.React(_server, "bob", new React("general", first!.Id, "👍", On: true)));
        _sim.RunSeconds(1);
        Assert.NotSame(before, alice.Shown("general")[0]);
    }

    [Fact]
    public void A_reader_far_up_keeps_their_place_while_memory_stays_bounded_and_the_live_end_stays_known()
    {
        var messages = Enumerable.Range(0, 6_000).Select(i => Message($"m{i}", _sim.Time.GetUtcNow().AddSeconds(i))).ToList();
        var timeline = new Timeline("general", () => "alice", _sim.Time);
        timeline.Merge(messages[5_000..], HistoryKey.Of(messages[5_000]), HistoryKey.End);
        for (var from = 5_000; from > 0; from -= 50)
        {
            timeline.Anchor(timeline.View.Items[0].Id);
            timeline.Merge(messages[(from - 50)..from], HistoryKey.Of(messages[from - 50]), HistoryKey.Of(messages[from]));
            var shown = timeline.View.Items.Select(i => i.Message.Content).ToList();
            Assert.True(shown.Count <= Timeline.MaxMessages + 500);
            Assert.Equal(messages[from - 50].Content, shown[0]);
            Assert.Equal(messages.Skip(from - 50).Take(shown.Count).Select(m => m.Content), shown);
        }

        Assert.True(timeline.View.HasNewer);
        timeline.Receive(Message("live", _sim.Time.GetUtcNow().AddDays(1)));
        timeline.ShowNewest();
        Assert.Equal("live", timeline.View.Items[^1].Message.Content);
        Assert.Equal("m5999", timeline.View.Items[^2].Message.Content);
    }

    private static Message Message(string content, DateTimeOffset at) => new()
    {
        Id = MessageId.For("bob", content),
        Sender = "bob",
        RoomId = "general",
        Content = content,
        Timestamp = at,
    };
}
