using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

public sealed class SyncTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public SyncTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
    }

    [Fact]
    public void A_message_pushed_twice_is_shown_once()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Duplication = 1;

        _sim.Do(() => _server.Says("bob", "general", "hello"));
        _sim.RunSeconds(1);

        Assert.Equal(["hello"], alice.Texts("general"));
    }

    [Fact]
    public void A_room_whose_messages_could_not_be_read_when_it_was_opened_is_read_by_itself()
    {
        var alice = new TestClient(_server, "alice").Start();
        alice.Settle();
        _server.Unreachable = true;
        _sim.Do(() => _ = alice.Actions.OpenRoomAsync("general"));
        _sim.RunSeconds(1);
        Assert.Empty(alice.Texts("general"));
        _server.Unreachable = false;

        _sim.Do(() => _server.Says("bob", "general", "hello"));
        _sim.RunSeconds(10);

        Assert.Equal(["hello"], alice.Texts("general"));
        Assert.Equal(ConnectionPhase.Live, alice.Phase);
    }

    [Fact]
    public void Pushes_in_any_order_are_shown_in_room_order_and_a_gap_that_closes_by_itself_costs_no_request()
    {
        _server.Says("bob", "general", "first");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        var calls = _server.PageCalls;
        _server.Jitter = TimeSpan.FromMilliseconds(200);

        _sim.Do(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                _server.Says("bob", "general", $"m{i}");
            }
        });
        _sim.RunSeconds(3);

        Assert.Equal(_server["general"].Messages.Select(m => m.Content), alice.Texts("general"));
        Assert.Equal(calls, _server.PageCalls);
    }

    [Fact]
    public void A_lost_push_is_fetched_as_soon_as_the_next_one_shows_the_gap()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Loss = 1;
        _sim.Do(() => _server.Says("bob", "general", "lost"));
        _server.Loss = 0;
        _sim.Do(() => _server.Says("bob", "general", "arrives"));

        _sim.RunSeconds(2);

        Assert.Equal(["lost", "arrives"], alice.Texts("general"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_lost_change_is_fetched_as_soon_as_the_next_number_shows_the_gap(bool byMessage)
    {
        var target = _server.Says("bob", "general", "draft");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        _server.Loss = 1;
        _sim.Do(() => FakeApi.Edit(_server, "bob", new EditMessage("general", target.Id, "final")));
        _server.Loss = 0;
        var calls = _server.PageCalls;
        if (byMessage)
        {
            _sim.Do(() => _server.Says("bob", "general", "next"));
        }
        else
        {
            _sim.Do(() => FakeApi.React(_server, "bob", new React("general", target.Id, "👍", On: true)));
        }

        _sim.RunSeconds(2);

        Assert.Equal("final", alice.Texts("general")[0]);
        Assert.Equal((1, 1), (_server.PageCalls - calls, _server.ChangeCalls));
        Assert.False(alice.Room("general").Timeline.Cursor.HasGap);
    }

    [Fact]
    public void Changes_in_any_order_among_messages_cost_no_request()
    {
        var target = _server.Says("bob", "general", "first");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        var calls = _server.PageCalls;
        (_server.Jitter, _server.Duplication) = (TimeSpan.FromMilliseconds(200), 0.5);

        _sim.Do(() =>
        {
            for (var i = 0; i < 30; i++)
            {
                _server.Says("bob", "general", $"m{i}");
                FakeApi.React(_server, "bob", new React("general", target.Id, "👍", On: i % 2 == 0));
            }
        });
        _sim.RunSeconds(3);

        Assert.Equal((calls, 0), (_server.PageCalls, _server.ChangeCalls));
        Assert.Equal((61, false), (alice.Room("general").Timeline.Cursor.Seq, alice.Room("general").Timeline.Cursor.HasGap));
    }

    [Fact]
    public void Who_comes_back_asks_for_what_follows_and_for_what_was_changed_and_reads_nothing_again()
    {
        var old = Enumerable.Range(0, 350).Select(i => _server.Says("bob", "general", $"m{i}")).ToList();
        _sim.RunSeconds(60);
        _server.Says("bob", "general", "last");
        _server.Add("other", "alice", "bob");
        var elsewhere = _server.Says("bob", "other", "draft");
        var alice = new TestClient(_server, "alice").Start("other");
        alice.Open("general");
        alice.ScrollThroughAll("general");
        alice.Settle();
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => _server.DropLinks());
        _sim.Do(() => FakeApi.Edit(_server, "bob", new EditMessage("general", old[20].Id, "edited")));
        _sim.Do(() => _server.Says("bob", "general", "new"));
        _sim.Do(() => FakeApi.React(_server, "bob", new React("general", old[30].Id, "👍", On: true)));
        _sim.Do(() => FakeApi.Edit(_server, "bob", new EditMessage("other", elsewhere.Id, "final")));
        var calls = _server.PageCalls;
        _sim.Do(() => _server.Unreachable = false);
        alice.Settle();

        // For each of the two rooms once.
        Assert.Equal((2, 2), (_server.PageCalls - calls, _server.ChangeCalls));
        Assert.Equal("edited", alice.Texts("general")[20]);
        Assert.Equal(old[30].Id, Assert.Single(alice.Shown("general"), i => i.Message.Reactions.Count > 0).Id);
        Assert.True(_sim.Await(() => alice.Actions.JumpToNewestAsync("general")).Ok);
        Assert.Equal("new", alice.Texts("general")[^1]);
        alice.Open("other");
        Assert.Equal(["final"], alice.Texts("other"));
        Assert.Equal((2, 2), (_server.PageCalls - calls, _server.ChangeCalls));
    }

    [Theory]
    [InlineData("not kept")]
    [InlineData("epoch")]
    [InlineData("old server")]
    public void Where_the_server_cannot_tell_what_was_changed_all_that_is_kept_is_read_again(string why)
    {
        _server.IsOld = why == "old server";
        _server["general"].ChangesMax = why == "not kept" ? 2 : 500;
        var old = Enumerable.Range(0, 150).Select(i => _server.Says("bob", "general", $"m{i}")).ToList();
        _sim.RunSeconds(60);
        _server.Says("bob", "general", "last");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.ScrollThroughAll("general");
        alice.Settle();
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => _server.DropLinks());
        foreach (var i in (int[])[5, 60, 120])
        {
            _sim.Do(() => FakeApi.Edit(_server, "bob", new EditMessage("general", old[i].Id, $"edited {i}")));
        }

        if (why == "epoch")
        {
            _sim.Do(() => _server["general"].NewEpoch());
        }

        _sim.Do(() => _server.Says("bob", "general", "new"));
        var calls = _server.PageCalls;
        _sim.Do(() => _server.Unreachable = false);
        alice.Settle();

        Assert.Equal(_server["general"].Messages.Select(m => m.Content), alice.Texts("general"));
        Assert.Equal((3, why == "not kept" ? 1 : 0), (_server.PageCalls - calls, _server.ChangeCalls));
    }

    [Fact]
    public void A_new_epoch_is_caught_up_and_its_numbers_count_from_then_on()
    {
        _server.Says("bob", "general", "old epoch");
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Loss = 1;
        _sim.Do(() => _server["general"].NewEpoch());
        _sim.Do(() => _server.Says("bob", "general", "lost"));
        _server.Loss = 0;
        _sim.Do(() => _server.Says("bob", "general", "new epoch"));
        _sim.RunSeconds(2);
        Assert.Equal(["old epoch", "lost", "new epoch"], alice.Texts("general"));

        var calls = _server.PageCalls;
        _sim.Do(() => _server.Says("bob", "general", "contiguous"));
        _sim.RunSeconds(2);

        Assert.Equal("contiguous", alice.Texts("general")[^1]);
        Assert.Equal(calls, _server.PageCalls);
    }

    [Fact]
    public void A_new_epoch_makes_clients_ask_at_moments_of_their_own()
    {
        _server.Says("bob", "general", "old epoch");
        _server["general"].OtherMembers = 1_000;
        var clients = Enumerable.Range(0, 20).Select(_ => new TestClient(_server, "alice").Start("general")).ToList();
        _sim.RunSeconds(10);
        var calls = _server.PageCalls;
        _sim.Do(() => _server["general"].NewEpoch());
        _sim.Do(() => _server.Says("bob", "general", "new epoch"));

        _sim.RunSeconds(2);
        Assert.InRange(_server.PageCalls - calls, 1, 30);
        _sim.RunSeconds(4);

        // What follows the last message, and again what is kept: a new epoch says nothing of the changes before it.
        Assert.Equal(40, _server.PageCalls - calls);
        Assert.All(clients, c => Assert.Equal(["old epoch", "new epoch"], c.Texts("general")));
    }

    [Fact]
    public void A_new_connection_fetches_at_the_moment_that_the_server_chose()
    {
        _server.Says("bob", "general", "before");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        _server.ResyncDelay = 8_000;
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => _server.DropLinks());
        _sim.Do(() => _server.Says("bob", "general", "missed"));
        var (calls, connects) = (_server.PageCalls, _server.Connects);
        _sim.Do(() => _server.Unreachable = false);
        _sim.Until(() => _server.Connects > connects, "connected again");

        _sim.RunSeconds(7);
        Assert.Equal(calls, _server.PageCalls);
        _sim.RunSeconds(2);

        Assert.Equal(["before", "missed"], alice.Texts("general"));
    }

    [Fact]
    public void What_was_missed_while_away_is_there_after_the_reconnect()
    {
        _server.Says("bob", "general", "before");
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => _server.DropLinks());
        Assert.Equal(ConnectionPhase.Reconnecting, alice.Phase);
        _sim.Do(() => Enumerable.Range(0, 250).ToList().ForEach(i => _server.Says("bob", "general", $"m{i}")));
        _sim.RunSeconds(60);
        Assert.Equal(["before"], alice.Texts("general"));

        _sim.Do(() => _server.Unreachable = false);
        alice.Settle();

        Assert.Equal(_server["general"].Messages.Select(m => m.Content), alice.Texts("general"));
    }

    [Fact]
    public void Five_thousand_missed_messages_cost_few_requests_and_every_one_can_be_scrolled_to()
    {
        for (var i = 0; i < 30; i++)
        {
            _server.Says("bob", "general", $"before{i}");
        }

        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => _server.DropLinks());
        _sim.Do(() => Enumerable.Range(0, 5_000).ToList().ForEach(i => _server.Says("bob", "general", $"m{i}")));
        var calls = _server.PageCalls;
        _sim.Do(() => _server.Unreachable = false);
        alice.Settle();

        Assert.InRange(_server.PageCalls - calls, 1, 20);
        Assert.Equal("m4999", alice.Texts("general")[^1]);
        Assert.Equal(1_000, alice.Room("general").Unread);

        // Memory stays bounded, so what scrolls by is collected page by page.
        var seen = new SortedDictionary<(DateTimeOffset, string), string>();
        while (true)
        {
            foreach (var item in alice.Shown("general"))
            {
                seen[(item.Message.Timestamp, item.Id)] = item.Message.Content;
            }

            Assert.True(alice.Shown("general").Count <= Timeline.MaxMessages + 500);
            if (!alice.Room("general").Timeline.View.HasOlder)
            {
                break;
            }

            _sim.Do(() => alice.Room("general").Timeline.Anchor(alice.Shown("general")[0].Id));
            Assert.True(_sim.Await(() => alice.Actions.LoadOlderAsync("general")).Ok);
        }

        Assert.Equal(_server["general"].Messages.Select(m => m.Content), seen.Values);
    }

    [Fact]
    public void Resync_fetches_what_no_number_showed_edits_included()
    {
        var target = _server.Says("bob", "general", "draft");
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Loss = 1;
        _sim.Do(() => FakeApi.Edit(_server, "bob", new EditMessage("general", target.Id, "final")));
        _sim.Do(() => _server.Says("bob", "general", "lost"));
        _sim.RunSeconds(5);
        Assert.Equal(["draft"], alice.Texts("general"));
        _server.Loss = 0;

        _sim.Do(() => _server.ToAll(client => client.Resync(new ResyncEvent())));
        alice.Settle();

        Assert.Equal(["final", "lost"], alice.Texts("general"));
    }

    [Fact]
    public void A_resync_waits_for_the_moment_that_the_server_chose_and_others_meanwhile_are_one_with_it()
    {
        _server.Says("bob", "general", "first");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        _server.Loss = 1;
        _sim.Do(() => _server.Says("bob", "general", "lost"));
        _server.Loss = 0;
        var calls = _server.PageCalls;

        _sim.Do(() => _server.ToAll(client => client.Resync(new ResyncEvent(DelayMilliseconds: 5_000))));
        _sim.RunSeconds(2);
        _sim.Do(() => _server.ToAll(client => client.Resync(new ResyncEvent(DelayMilliseconds: 5_000))));
        _sim.Do(() => _server.ToAll(client => client.Resync(new ResyncEvent("general", 4_000))));
        _sim.RunSeconds(2.5);
        Assert.Equal(calls, _server.PageCalls);
        Assert.True(alice.Store.Connection.CatchingUp);

        _sim.RunSeconds(10);
        Assert.Equal(["first", "lost"], alice.Texts("general"));
        // What follows the last message. Its number is the next one, so nothing was changed.
        Assert.Equal(1, _server.PageCalls - calls);
        Assert.False(alice.Store.Connection.CatchingUp);
    }

    [Fact]
    public void A_resync_that_names_a_room_has_it_read_again_because_a_page_may_have_lacked_what_no_number_shows()
    {
        _server.Says("bob", "general", "first");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        var calls = _server.PageCalls;

        _sim.Do(() => _server.ToAll(client => client.Resync(new ResyncEvent("general"))));
        alice.Settle();

        Assert.Equal(2, _server.PageCalls - calls);
    }

    [Fact]
    public void A_resync_of_one_room_reads_that_room_alone()
    {
        _server.Add("other", "alice", "bob");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Open("other");
        alice.Open("general");
        alice.Settle();
        _server.Loss = 1;
        _sim.Do(() => _server.Says("bob", "general", "lost"));
        _sim.Do(() => _server.Says("bob", "other", "lost there"));
        _server.Loss = 0;

        _sim.Do(() => _server.ToAll(client => client.Resync(new ResyncEvent("general", 1_000))));
        _sim.RunSeconds(3);

        Assert.Equal(["lost"], alice.Texts("general"));
        Assert.Empty(alice.Texts("other"));
    }

    [Fact]
    public void An_incomplete_answer_is_said_and_asked_again_until_it_is_whole()
    {
        for (var i = 0; i < 20; i++)
        {
            _server.Says("bob", "general", $"m{i}");
        }

        _server.Incomplete = true;
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.RunSeconds(30);
        Assert.True(alice.Store.Connection.HistoryIncomplete);
        Assert.True(alice.Room("general").Timeline.Incomplete);

        _sim.Do(() => _server.Incomplete = false);
        _sim.Until(() => !alice.Store.Connection.HistoryIncomplete, "history healed");

        Assert.Equal(_server["general"].Messages.Select(m => m.Content), alice.Texts("general"));
    }

    [Fact]
    public void Unnumbered_messages_are_shown_and_move_nothing()
    {
        _server.Says("bob", "general", "numbered");
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Unnumbered = true;
        _sim.Do(() => _server.Says("bob", "general", "unnumbered"));
        _sim.RunSeconds(1);
        Assert.Equal(["numbered", "unnumbered"], alice.Texts("general"));
        _server.Loss = 1;
        _sim.Do(() => _server.Says("bob", "general", "unnumbered and lost"));
        (_server.Loss, _server.Unnumbered) = (0, false);
        _sim.Do(() => _server["general"].NewEpoch());
        _sim.Do(() => _server.Says("bob", "general", "numbered again"));

        _sim.RunSeconds(2);

        Assert.Equal(["numbered", "unnumbered", "unnumbered and lost", "numbered again"], alice.Texts("general"));
    }

    [Fact]
    public void A_gap_in_numbers_that_the_server_lost_does_not_keep_the_client_asking_for_ever()
    {
        _server.Says("bob", "general", "one");
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Loss = 1;
        _sim.Do(() => _server.Says("bob", "general", "lost"));
        _server.Loss = 0;
        _sim.Do(() => _server.Says("bob", "general", "ahead"));
        _sim.Do(() => _server["general"].NewEpoch());
        Assert.True(alice.Room("general").Timeline.Cursor.HasGap);

        _sim.Run(TimeSpan.FromMinutes(2));
        var calls = _server.PageCalls;
        _sim.Run(TimeSpan.FromMinutes(5));

        Assert.Equal(calls, _server.PageCalls);
        Assert.False(alice.Store.Connection.CatchingUp);
        Assert.Equal(["one", "lost", "ahead"], alice.Texts("general"));
    }
}
