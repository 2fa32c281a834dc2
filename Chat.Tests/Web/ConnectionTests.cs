using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

public sealed class ConnectionTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public ConnectionTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
    }

    [Fact]
    public void It_tries_for_ever_and_never_waits_longer_than_thirty_seconds()
    {
        var alice = new TestClient(_server, "alice").Start();
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => _server.DropLinks());
        for (var i = 0; i < 120; i++)
        {
            _sim.RunSeconds(10);
            Assert.Equal(ConnectionPhase.Reconnecting, alice.Phase);
            Assert.True(alice.Store.Connection.NextAttemptAt is not { } at || at - _sim.Time.GetUtcNow() <= TimeSpan.FromSeconds(30));
        }

        _sim.Do(() => _server.Unreachable = false);
        _sim.RunSeconds(31);

        Assert.Equal(ConnectionPhase.Live, alice.Phase);
    }

    [Fact]
    public void A_server_that_takes_connections_and_drops_them_at_once_is_tried_less_and_less_often()
    {
        var alice = new TestClient(_server, "alice").Start();
        for (var i = 0; i < 600; i++)
        {
            _sim.Do(() => _server.DropLinks());
            _sim.RunSeconds(0.2);
        }

        Assert.InRange(_server.Connects, 2, 20);

        _sim.Until(() => alice.Phase == ConnectionPhase.Live, "live again");
        _sim.RunSeconds(15);
        // A connection that lived is trusted again: the next attempt is soon.
        _sim.Do(() => _server.DropLinks());
        _sim.RunSeconds(2);
        Assert.Equal(ConnectionPhase.Live, alice.Phase);
    }

    [Fact]
    public void A_client_that_connects_catches_up_once()
    {
        _server.Says("bob", "general", "hello");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        _sim.Do(() => _server.DropLinks());
        var (pages, rooms) = (_server.PageCalls, _server.RoomCalls);
        alice.Settle();

        // What follows the last message; its number says that nothing was changed either.
        Assert.Equal(1, _server.PageCalls - pages);
        Assert.Equal(0, _server.ChangeCalls);
        Assert.Equal(1, _server.RoomCalls - rooms);
    }

    [Fact]
    public void A_client_that_is_never_told_to_resync_catches_up_by_itself()
    {
        _server.Says("bob", "general", "before");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        _server.SaysResync = false;
        _sim.Do(() => _server.DropLinks());
        _sim.Do(() => _server.Says("bob", "general", "missed"));

        alice.Settle();

        Assert.Equal(["before", "missed"], alice.Texts("general"));
    }

    [Fact]
    public void A_reader_who_returns_does_not_wait_for_the_next_attempt()
    {
        var alice = new TestClient(_server, "alice").Start();
        _sim.Do(() => _server.Unreachable = true);
        _sim.Do(() => _server.DropLinks());
        _sim.Run(TimeSpan.FromMinutes(10));
        _sim.Until(() => alice.Store.Connection.NextAttemptAt - _sim.Time.GetUtcNow() > TimeSpan.FromSeconds(5), "a long wait");
        _sim.Do(() => _server.Unreachable = false);

        _sim.Do(() => alice.Tab.Look());
        _sim.RunSeconds(1);

        Assert.Equal(ConnectionPhase.Live, alice.Phase);
    }

    [Fact]
    public void An_ended_session_stops_everything_until_somebody_signs_in_and_the_outbox_waits_for_them()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _server.SignedOut = true;
        _sim.Do(() => _server.ToAll(client => client.SessionEnded()));
        Assert.Equal(ConnectionPhase.SignedOut, alice.Phase);
        _sim.Do(() => alice.Actions.Send("general", "kept"));
        _sim.Run(TimeSpan.FromMinutes(5));
        Assert.Equal(ConnectionPhase.SignedOut, alice.Phase);
        Assert.Empty(_server["general"].Messages);

        _server.SignedOut = false;
        _sim.Do(() => alice.Actions.ReconnectNow());
        alice.Settle();

        Assert.Equal(["kept"], _server["general"].Messages.Select(m => m.Content));
    }

    [Fact]
    public void Signing_out_leaves_nothing_of_the_user_in_the_browser()
    {
        var browser = new FakeBrowser();
        var alice = new TestClient(_server, "alice", browser).Start("general");
        _sim.Do(() => _server.Says("bob", "general", "secret"));
        _sim.RunSeconds(5);
        Assert.Contains(browser.Kept, k => k.Value.Contains("secret", StringComparison.Ordinal));

        Assert.True(_sim.Await(() => alice.Actions.SignOutAsync()).Ok);
        _sim.RunSeconds(10);

        Assert.Empty(browser.Kept);
        Assert.Empty(alice.Store.Rooms);
        Assert.Null(alice.Store.Me);
    }

    [Fact]
    public void The_last_rooms_and_messages_are_on_screen_before_the_network_answers()
    {
        var browser = new FakeBrowser();
        _server.Says("bob", "general", "yesterday");
        var alice = new TestClient(_server, "alice", browser).Start("general");
        _sim.RunSeconds(5);
        alice.Close();
        _sim.Do(() => _server.Unreachable = true);

        var again = new TestClient(_server, "alice", browser).Begin(known: true);
        _sim.Do(() => _ = again.Actions.OpenRoomAsync("general"));

        Assert.Equal(["general"], again.Store.Rooms.Select(r => r.Id));
        Assert.Equal(["yesterday"], again.Texts("general"));

        _sim.Do(() => _server.Says("bob", "general", "today"));
        _sim.Do(() => _server.Unreachable = false);
        again.Settle();
        // The room is open all the while: nobody has to open it again.
        Assert.Equal(["yesterday", "today"], again.Texts("general"));
    }

    [Fact]
    public void A_room_the_user_was_added_to_appears_and_one_they_were_removed_from_goes()
    {
        var alice = new TestClient(_server, "alice").Start();
        _sim.Do(() =>
        {
            _server.Add("secret", "alice", "bob").Kind = RoomKind.Private;
            _server.ToAll(c => c.RoomChanged(new RoomChanged { Id = "secret", Name = "secret", Kind = RoomKind.Private }));
        });
        _sim.RunSeconds(2);
        Assert.NotNull(alice.Store.Room("secret"));

        _sim.Do(() => _server.Remove("secret"));
        _sim.Do(() => _server.ToAll(c => c.RoomRemoved(new RoomRemovedEvent("secret"))));

        Assert.Null(alice.Store.Room("secret"));
    }

    [Fact]
    public void Typing_ends_by_itself_and_with_the_message()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        var bob = new TestClient(_server, "bob").Start("general");
        _sim.Do(() => bob.Actions.Typing("general"));
        _sim.RunSeconds(1);
        Assert.Equal(["bob"], alice.Room("general").Typing);
        Assert.Empty(bob.Room("general").Typing);
        _sim.RunSeconds(6);
        Assert.Empty(alice.Room("general").Typing);

        _sim.Do(() => bob.Actions.Typing("general"));
        _sim.RunSeconds(0.2);
        Assert.Equal(["bob"], alice.Room("general").Typing);
        _sim.Do(() => bob.Actions.Send("general", "done"));
        _sim.RunSeconds(0.2);
        Assert.Empty(alice.Room("general").Typing);
    }

    [Fact]
    public void A_list_of_rooms_that_was_on_its_way_while_a_room_was_made_or_left_does_not_undo_it()
    {
        _server.Add("left", "alice", "bob");
        var alice = new TestClient(_server, "alice").Start("general");
        alice.Settle();
        _server.RoomsTake = TimeSpan.FromSeconds(5);
        _sim.Do(() => alice.Tab.SetOnline(false));
        _sim.Do(() => alice.Tab.SetOnline(true));
        _sim.RunSeconds(2);

        _server.Add("made", "alice");
        _server.Remove("left");
        _sim.Do(() => alice.Store.RemoveRoom("left"));
        _sim.Do(() => alice.Store.SetRoom(_server.RoomsOf("alice").Single(r => r.Id == "made")));
        alice.Open("made");
        var seen = new List<string>();
        alice.Store.RoomsChanged += () => seen.AddRange(alice.Store.Rooms.Select(r => r.Id));
        var lost = false;
        alice.Store.OpenRoomChanged += () => lost |= alice.Store.OpenRoom is null;
        _sim.RunSeconds(20);

        Assert.False(lost);
        Assert.DoesNotContain("left", seen);
        Assert.Equal("made", alice.Store.OpenRoom?.Id);
        Assert.Equal(["general", "made"], alice.Store.Rooms.Select(r => r.Id).Order(StringComparer.Ordinal));
    }
}
