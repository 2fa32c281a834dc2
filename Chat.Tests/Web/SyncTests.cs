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
        _sim.RunSeconds(6);
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
        var clients = Enumerable.Range(0, 20).Select(_ => new TestClient(_server, "alice").Start("general")).ToList();
        _sim.RunSeconds(10);
        var calls = _server.PageCalls;
        _sim.Do(() => _server["general"].NewEpoch());
        _sim.Do(() => _server.Says("bob", "general", "new epoch"));

        _sim.RunSeconds(2);
        Assert.InRange(_server.PageCalls - calls, 1, 15);
        _sim.RunSeconds(4);

        Assert.Equal(20, _server.PageCalls - calls);
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
        Assert.Equal(["lost"], alice.Texts("general"));
        // What follows the last message, and the newest page again for changes that no number shows.
        Assert.Equal(2, _server.PageCalls - calls);
        Assert.False(alice.Store.Connection.CatchingUp);
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
