using Chat.Contracts;

namespace Chat.Tests.Web;

public sealed class UnreadTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public UnreadTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
    }

    [Fact]
    public void Counts_are_the_servers_and_what_comes_in_live_is_added_once()
    {
        _server.Says("bob", "general", "one");
        _server.Says("bob", "general", "two @alice");
        var alice = new TestClient(_server, "alice").Start();
        Assert.Equal((2, 1), Counts(alice));
        _server.Duplication = 1;

        _sim.Do(() => _server.Says("bob", "general", "three @room"));
        _sim.Do(() => _server.Says("bob", "general", "four"));
        _sim.Do(() => _server.Says("alice", "general", "my own, from elsewhere"));
        _sim.RunSeconds(1);

        Assert.Equal((4, 2), Counts(alice));
        Assert.Equal(2, alice.Store.Attention);
    }

    [Fact]
    public void Reading_lowers_the_counts_at_once_and_tells_the_server_once_after_a_moment()
    {
        var messages = Enumerable.Range(0, 5).Select(i => _server.Says("bob", "general", $"m{i}")).ToList();
        var alice = new TestClient(_server, "alice").Start("general");
        Assert.Equal((5, 0), Counts(alice));

        _sim.Do(() => alice.Actions.MarkRead("general", messages[1].Id));
        Assert.Equal((3, 0), Counts(alice));
        _sim.Do(() => alice.Actions.MarkRead("general", messages[3].Id));
        _sim.Do(() => alice.Actions.MarkRead("general", messages[0].Id));
        Assert.Equal((1, 0), Counts(alice));
        _sim.RunSeconds(2);

        Assert.Equal([("alice", "general", messages[3].Id)], _server.Marks);
        Assert.Equal(1, _server.RoomsOf("alice")[0].Unread);
    }

    [Fact]
    public void Reading_in_one_tab_lowers_the_counts_in_the_others_and_on_other_devices()
    {
        var browser = new FakeBrowser();
        var tab = new TestClient(_server, "alice", browser).Start("general");
        var other = new TestClient(_server, "alice", browser).Start();
        var phone = new TestClient(_server, "alice").Start();
        Message? last = null;
        _sim.Do(() => last = _server.Says("bob", "general", "one"));
        _sim.Do(() => last = _server.Says("bob", "general", "two @alice"));
        _sim.RunSeconds(1);
        Assert.Equal([(2, 1), (2, 1), (2, 1)], new[] { tab, other, phone }.Select(Counts));

        _sim.Do(() => tab.Actions.MarkRead("general", last!.Id));
        _sim.RunSeconds(1);

        Assert.Equal([(0, 0), (0, 0), (0, 0)], new[] { tab, other, phone }.Select(Counts));
    }

    [Fact]
    public void Counts_are_right_again_after_an_outage_in_which_another_device_read()
    {
        var messages = Enumerable.Range(0, 3).Select(i => _server.Says("bob", "general", $"m{i}")).ToList();
        var alice = new TestClient(_server, "alice").Start();
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => _server.DropLinks());
        _sim.Do(() => _server.Read("alice", "general", messages[2].Id));
        _sim.Do(() => _server.Says("bob", "general", "new @alice"));
        Assert.Equal((3, 0), Counts(alice));

        _sim.Do(() => _server.Unreachable = false);
        alice.Settle();

        Assert.Equal((1, 1), Counts(alice));
    }

    [Fact]
    public void A_read_mark_is_sent_before_its_user_signs_out_and_never_after()
    {
        var message = _server.Says("bob", "general", "m");
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => alice.Actions.MarkRead("general", message.Id));
        Assert.True(_sim.Await(() => alice.Actions.SignOutAsync()).Ok);

        Assert.Equal([("alice", "general", message.Id)], _server.Marks);
        _sim.RunSeconds(5);
        Assert.Single(_server.Marks);
    }

    [Fact]
    public void A_read_mark_waits_for_the_next_time_when_its_user_could_not_sign_out()
    {
        var message = _server.Says("bob", "general", "m");
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => alice.Actions.MarkRead("general", message.Id));
        Assert.False(_sim.Await(() => alice.Actions.SignOutAsync()).Ok);
        Assert.Empty(_server.Marks);

        _sim.Do(() => _server.Unreachable = false);
        Assert.True(_sim.Await(() => alice.Actions.SignOutAsync()).Ok);
        _sim.RunSeconds(5);
        Assert.Equal([("alice", "general", message.Id)], _server.Marks);
    }

    [Fact]
    public void A_read_mark_that_the_server_did_not_take_is_sent_again_and_never_taken_back_meanwhile()
    {
        var message = _server.Says("bob", "general", "m");
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => alice.Actions.MarkRead("general", message.Id));
        _sim.RunSeconds(5);
        _sim.Do(() => _server.DropLinks());
        _sim.RunSeconds(5);
        Assert.Empty(_server.Marks);

        _sim.Do(() => _server.Unreachable = false);
        alice.Settle();

        Assert.Equal((0, 0), Counts(alice));
        Assert.Equal([("alice", "general", message.Id)], _server.Marks);
    }

    [Fact]
    public void Messages_missed_by_a_lost_push_count_when_the_gap_is_healed()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Loss = 1;
        _sim.Do(() => _server.Says("bob", "general", "lost @alice"));
        _server.Loss = 0;
        _sim.Do(() => _server.Says("bob", "general", "seen"));

        _sim.RunSeconds(2);

        Assert.Equal((2, 1), Counts(alice));
    }

    [Fact]
    public void A_deleted_message_is_no_longer_unread()
    {
        var old = _server.Says("bob", "general", "old");
        var alice = new TestClient(_server, "alice").Start();
        Message? live = null;
        _sim.Do(() => live = _server.Says("bob", "general", "live"));
        _sim.RunSeconds(1);
        Assert.Equal((2, 0), Counts(alice));

        _sim.Do(() => FakeApi.Delete(_server, "bob", new DeleteMessage("general", live!.Id)));
        _sim.Do(() => FakeApi.Delete(_server, "bob", new DeleteMessage("general", old.Id)));
        _sim.RunSeconds(5);

        Assert.Equal((0, 0), Counts(alice));
    }

    [Fact]
    public void A_room_opens_at_its_first_unread_message_and_the_divider_stays()
    {
        var messages = Enumerable.Range(0, 400).Select(i => _server.Says("bob", "general", $"m{i}")).ToList();
        _server.Read("alice", "general", messages[149].Id);
        var alice = new TestClient(_server, "alice").Start("general");
        var timeline = alice.Room("general").Timeline;

        Assert.Equal(messages[150].Id, timeline.FirstUnreadId);
        Assert.Contains(alice.Shown("general"), i => i.Id == messages[150].Id);
        Assert.Contains(alice.Shown("general"), i => i.Id == messages[149].Id);
        Assert.True(timeline.View is { HasOlder: true, HasNewer: true });

        while (timeline.View.HasNewer)
        {
            Assert.True(_sim.Await(() => alice.Actions.LoadNewerAsync("general")).Ok);
        }

        _sim.Do(() => alice.Actions.MarkRead("general", messages[399].Id));
        _sim.RunSeconds(1);
        Assert.Equal(messages[150].Id, timeline.FirstUnreadId);
        Assert.Equal("m399", alice.Texts("general")[^1]);
    }

    [Fact]
    public void A_page_of_what_was_missed_is_counted_whole_and_told_once()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        var told = 0;
        alice.Room("general").Changed += () => told++;
        _server.Loss = 1;
        _sim.Do(() =>
        {
            for (var i = 0; i < 90; i++)
            {
                _server.Says("bob", "general", $"m{i}");
            }
        });
        _server.Loss = 0;
        _sim.Do(() => _server.Says("bob", "general", "arrives"));

        _sim.RunSeconds(2);

        Assert.Equal(91, alice.Shown("general").Count);
        Assert.Equal(91, alice.Room("general").Unread);
        Assert.InRange(told, 1, 10);
    }

    private static (int Unread, int Mentions) Counts(TestClient client) => (client.Room("general").Unread, client.Room("general").Mentions);
}
