using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

public sealed class ReadReceiptTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public ReadReceiptTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob", "carol");
    }

    [Fact]
    public void Each_reader_stands_under_the_newest_of_my_messages_that_they_have_read()
    {
        var first = _server.Says("alice", "general", "first");
        var between = _server.Says("bob", "general", "between");
        var second = _server.Says("alice", "general", "second");
        _server.Read("bob", "general", between.Id);
        var alice = new TestClient(_server, "alice").Start("general");
        Assert.True(_sim.Await(() => alice.Actions.LoadMembersAsync("general")).Ok);
        Assert.Equal([$"{first.Id}: bob"], Receipts(alice));

        _sim.Do(() => _server.Read("carol", "general", second.Id));
        _sim.RunSeconds(1);
        Assert.Equal([$"{first.Id}: bob", $"{second.Id}: carol"], Receipts(alice));

        _sim.Do(() => _server.Read("bob", "general", second.Id));
        _sim.RunSeconds(1);
        Assert.Equal([$"{second.Id}: bob, carol"], Receipts(alice));
    }

    [Fact]
    public void A_mark_on_a_message_that_is_not_loaded_counts_and_one_that_came_while_away_is_caught_up()
    {
        var mine = _server.Says("alice", "general", "mine");
        for (var i = 0; i < 200; i++)
        {
            _server.Says("bob", "general", $"m{i}");
        }

        var early = _server["general"].Messages[100];
        _server.Read("carol", "general", early.Id);
        var newest = _server.Says("alice", "general", "newest");
        var alice = new TestClient(_server, "alice").Start("general");
        Assert.True(_sim.Await(() => alice.Actions.LoadMembersAsync("general")).Ok);
        Assert.True(alice.Room("general").HasRead("carol", mine));
        Assert.Empty(Receipts(alice));

        _sim.Do(() => _server.Unreachable = _server.NoSockets = true);
        _sim.Do(() => _server.DropLinks("alice"));
        _sim.Do(() => _server.Read("carol", "general", newest.Id));
        _sim.RunSeconds(5);
        _sim.Do(() => _server.Unreachable = _server.NoSockets = false);
        alice.Settle();

        Assert.Equal([$"{newest.Id}: carol"], Receipts(alice));
    }

    [Fact]
    public void A_large_room_shows_none()
    {
        _server.Add("large", [.. Enumerable.Range(0, ReadReceipts.MaxMembers).Select(i => $"user{i}"), "alice"]);
        var mine = _server.Says("alice", "large", "mine");
        _server.Read("user1", "large", mine.Id);
        var alice = new TestClient(_server, "alice").Start("large");
        Assert.True(_sim.Await(() => alice.Actions.LoadMembersAsync("large")).Ok);

        Assert.True(alice.Room("large").HasRead("user1", mine));
        Assert.Empty(Receipts(alice, "large"));
    }

    private static IEnumerable<string> Receipts(TestClient client, string roomId = "general") =>
        ReadReceipts.Of(client.Room(roomId), client.Shown(roomId), client.Username)
            .Select(r => $"{r.Key}: {string.Join(", ", r.Value)}").OrderBy(text => client.Room(roomId).KeyOf(text[..MessageId.Length]));
}
