using Chat.Contracts;

namespace Chat.Tests.Web;

/// <summary>An answer to a message that is not loaded shows what it answers.</summary>
public sealed class QuoteTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;
    private readonly Message _old;

    public QuoteTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
        _old = _server.Says("bob", "general", "long ago");
        for (var i = 0; i < 1_000; i++)
        {
            _server.Says("bob", "general", $"m{i}");
        }

        // Beyond what a client reads again to be sure after an interruption.
        _sim.RunSeconds(60);
        _server.Says("bob", "general", "the last");
    }

    [Fact]
    public void It_is_read_once_and_is_not_a_part_of_the_history_on_screen()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        Assert.Null(alice.Room("general").Timeline.Find(_old.Id));
        var shown = alice.Shown("general").Count;

        _sim.Do(() =>
        {
            _ = alice.Actions.QuoteAsync("general", _old.Id);
            _ = alice.Actions.QuoteAsync("general", _old.Id);
        });
        _sim.RunSeconds(1);
        Assert.True(_sim.Await(() => alice.Actions.QuoteAsync("general", _old.Id)).Ok);

        Assert.Equal("long ago", alice.Room("general").Timeline.Find(_old.Id)?.Message.Content);
        Assert.Equal([_old.Id], _server.MessageCalls);
        Assert.Equal(shown, alice.Shown("general").Count);
    }

    [Fact]
    public void It_follows_edits_and_is_read_again_after_an_interruption()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Await(() => alice.Actions.QuoteAsync("general", _old.Id));
        _sim.Do(() => _server.Change(Edited("changed")));
        _sim.RunSeconds(1);
        Assert.Equal("changed", alice.Room("general").Timeline.Find(_old.Id)?.Message.Content);

        _sim.Do(() => alice.Tab.SetOnline(false));
        _sim.RunSeconds(1);
        _sim.Do(() => _server.Change(Edited("changed unseen")));
        _sim.Do(() => alice.Tab.SetOnline(true));
        alice.Settle();
        Assert.Null(alice.Room("general").Timeline.Find(_old.Id));
        _sim.Await(() => alice.Actions.QuoteAsync("general", _old.Id));

        Assert.Equal("changed unseen", alice.Room("general").Timeline.Find(_old.Id)?.Message.Content);
    }

    [Fact]
    public void One_that_does_not_exist_is_asked_for_once()
    {
        var alice = new TestClient(_server, "alice").Start("general");

        var outcome = _sim.Await(() => alice.Actions.QuoteAsync("general", "gone"));
        _sim.Await(() => alice.Actions.QuoteAsync("general", "gone"));

        Assert.Equal(ErrorCodes.MessageNotFound, outcome.Code);
        Assert.Equal(["gone"], _server.MessageCalls);
    }

    private MessageEdited Edited(string content) => new()
    {
        RoomId = "general",
        Id = _old.Id,
        Username = "bob",
        At = _sim.Time.GetUtcNow(),
        Content = content,
        EditId = _sim.NewId(),
    };
}
