using Chat.Contracts;

namespace Chat.Tests.Web;

public sealed class PeopleTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public PeopleTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
    }

    [Fact]
    public void Who_one_writes_to_directly_has_a_name_and_is_there_before_the_room_is_opened()
    {
        var direct = _server.Add("d-1", "alice", "bob");
        direct.Kind = RoomKind.Direct;
        direct.People = [new("alice", "Alice A.", true), new("bob", "Bob B.", true)];
        var alice = new TestClient(_server, "alice").Start();

        Assert.Equal("Bob B.", alice.Store.People.DisplayName("bob"));
        Assert.True(alice.Store.People.IsOnline("bob"));
        _sim.RunSeconds(3);
        Assert.Empty(_server.UserCalls);
    }

    [Fact]
    public void A_kept_name_is_there_without_a_network_and_nobody_is_online_by_what_was_kept()
    {
        var browser = new FakeBrowser();
        var direct = _server.Add("d-1", "alice", "bob");
        direct.Kind = RoomKind.Direct;
        direct.People = [new("bob", "Bob B.", true)];
        var first = new TestClient(_server, "alice", browser).Start();
        _sim.RunSeconds(5);
        first.Close();
        _server.Unreachable = true;

        var again = new TestClient(_server, "alice", browser).Begin(known: true);
        _sim.RunSeconds(1);

        Assert.Equal("Bob B.", again.Store.People.DisplayName("bob"));
        Assert.False(again.Store.People.IsOnline("bob"));
    }

    [Fact]
    public void A_name_that_is_shown_and_not_known_is_asked_for_once()
    {
        _server.People.Add(new UserInfo("bob", "Bob B.", true));
        _server.People.Add(new UserInfo("bobby", "Bobby", false));
        var alice = new TestClient(_server, "alice").Start();
        var before = alice.Store.People.NamesVersion;

        for (var i = 0; i < 3; i++)
        {
            _sim.Do(() => Assert.Equal("bob", alice.Store.People.DisplayName("bob")));
        }

        _sim.Do(() => alice.Store.People.DisplayName("nobody-any-more"));
        _sim.RunSeconds(3);
        _sim.Do(() => alice.Store.People.DisplayName("nobody-any-more"));
        _sim.RunSeconds(3);

        Assert.Equal("Bob B.", alice.Store.People.DisplayName("bob"));
        Assert.True(alice.Store.People.NamesVersion > before);
        Assert.Equal(["bob", "nobody-any-more"], _server.UserCalls.Order());
    }

    [Fact]
    public void Somebody_who_came_online_and_has_no_name_yet_gets_one()
    {
        _server.People.Add(new UserInfo("bob", "Bob B.", true));
        var alice = new TestClient(_server, "alice").Start();
        _sim.Do(() => alice.Store.People.SetOnline("bob", true));

        _sim.Do(() => alice.Store.People.DisplayName("bob"));
        _sim.RunSeconds(3);

        Assert.Equal(("Bob B.", true), (alice.Store.People.DisplayName("bob"), alice.Store.People.IsOnline("bob")));
    }

    [Fact]
    public void A_name_that_could_not_be_asked_for_is_when_the_connection_is_back()
    {
        _server.People.Add(new UserInfo("bob", "Bob B.", true));
        var alice = new TestClient(_server, "alice").Start();
        _server.Unreachable = true;
        _sim.Do(() => alice.Store.People.DisplayName("bob"));
        _sim.RunSeconds(3);
        Assert.Equal("bob", alice.Store.People.DisplayName("bob"));

        _server.Unreachable = false;
        _sim.Do(() => alice.Tab.SetOnline(false));
        _sim.Do(() => alice.Tab.SetOnline(true));
        alice.Settle();
        _sim.RunSeconds(3);

        Assert.Equal("Bob B.", alice.Store.People.DisplayName("bob"));
    }
}
