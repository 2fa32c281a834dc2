using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

public sealed class OutboxTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public OutboxTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
        _server.Add("other", "alice", "bob");
    }

    [Fact]
    public void A_message_stands_in_the_list_at_once_and_keeps_its_id_when_it_is_sent()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        var id = "";
        var before = _server.Accepted.Count;
        _sim.Do(() => _server.NoSockets = _server.Unreachable = true);

        _sim.Do(() => id = alice.Actions.Send("general", " hello "));

        var shown = Assert.Single(alice.Shown("general"));
        Assert.Equal((id, "hello"), (shown.Id, shown.Message.Content));
        Assert.NotEqual(SendState.Sent, shown.State);
        Assert.Equal(before, _server.Accepted.Count);

        _sim.Do(() => _server.NoSockets = _server.Unreachable = false);
        _sim.Until(() => alice.Shown("general")[0].State == SendState.Sent, "sent");

        Assert.Equal([id], _server["general"].Messages.Select(m => m.Id));
        Assert.Equal([id], alice.Shown("general").Select(i => i.Id));
        Assert.Empty(alice.Outbox.Items);
    }

    [Fact]
    public void What_is_written_offline_is_sent_in_order_once_the_network_is_back()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => alice.Tab.SetOnline(false));
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (true, true));
        Assert.Equal(ConnectionPhase.Offline, alice.Phase);

        _sim.Do(() => Enumerable.Range(0, 20).ToList().ForEach(i => alice.Actions.Send("general", $"m{i}")));
        _sim.Run(TimeSpan.FromMinutes(5));
        Assert.Equal(20, alice.Store.Connection.Unsent);
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (false, false));
        _sim.Do(() => alice.Tab.SetOnline(true));

        // At once: nobody waits for a backoff that began in the dark.
        _sim.RunSeconds(2);

        Assert.Equal(ConnectionPhase.Live, alice.Phase);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"m{i}"), _server["general"].Messages.Select(m => m.Content));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"m{i}"), alice.Texts("general"));
    }

    [Fact]
    public void A_lost_acknowledgement_leads_to_the_same_message_not_to_a_second_one()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _server.LostAcknowledgements = 3;

        _sim.Do(() => alice.Actions.Send("general", "once"));
        _sim.Until(() => alice.Outbox.Items.Count == 0, "acknowledged");

        Assert.Single(_server["general"].Messages);
        Assert.Equal(["once"], alice.Texts("general"));
        Assert.Equal(0, _server.LostAcknowledgements);
    }

    [Theory]
    [InlineData(ErrorCodes.RateLimited)]
    [InlineData(ErrorCodes.NotAccepted)]
    [InlineData(ErrorCodes.Unavailable)]
    public void What_the_server_cannot_take_now_is_sent_later_in_the_same_order(string code)
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Refuse = (code, 4);

        _sim.Do(() => alice.Actions.Send("general", "first"));
        _sim.Do(() => alice.Actions.Send("general", "second"));
        Assert.Equal(code != ErrorCodes.RateLimited, alice.Store.Connection.SavingDelayed);
        _sim.Until(() => alice.Outbox.Items.Count == 0, "both sent");

        Assert.Equal(["first", "second"], _server["general"].Messages.Select(m => m.Content));
        Assert.False(alice.Store.Connection.SavingDelayed);
    }

    [Fact]
    public void What_is_refused_for_good_stays_with_its_reason_and_holds_up_nothing()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _server.Refuse = (ErrorCodes.InvalidContent, 1);

        string? bad = null;
        _sim.Do(() => bad = alice.Actions.Send("general", "bad"));
        _sim.Do(() => alice.Actions.Send("general", "good"));
        _sim.RunSeconds(1);

        Assert.Equal(["good"], _server["general"].Messages.Select(m => m.Content));
        var failed = Assert.Single(alice.Shown("general"), i => i.State == SendState.Failed);
        Assert.Equal((bad, ErrorCodes.InvalidContent), (failed.Id, failed.Code));

        _sim.Do(() => alice.Actions.Retry(failed.Id));
        _sim.RunSeconds(1);
        Assert.Equal(["good", "bad"], alice.Texts("general"));
        Assert.Empty(alice.Outbox.Items);
    }

    [Fact]
    public void A_failed_message_that_is_discarded_is_gone_for_good()
    {
        var browser = new FakeBrowser();
        var alice = new TestClient(_server, "alice", browser).Start("general");
        _server.Refuse = (ErrorCodes.InvalidContent, 1);
        string id = "";
        _sim.Do(() => id = alice.Actions.Send("general", "bad"));
        _sim.RunSeconds(1);

        _sim.Do(() => Assert.True(alice.Actions.Discard(id)));

        Assert.Empty(alice.Shown("general"));
        Assert.DoesNotContain(browser.Kept, k => k.Key.StartsWith("outbox|", StringComparison.Ordinal));
    }

    [Fact]
    public void The_outbox_survives_a_crash_of_the_page()
    {
        var browser = new FakeBrowser();
        var alice = new TestClient(_server, "alice", browser).Start("general");
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (true, true));
        _sim.Do(() => _server.DropLinks());
        _sim.Do(() => alice.Actions.Send("general", "one"));
        _sim.Do(() => alice.Actions.Send("other", "two"));
        _sim.RunSeconds(1);
        alice.Close();
        _sim.RunSeconds(10);
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (false, false));

        var again = new TestClient(_server, "alice", browser).Start("general");
        _sim.Until(() => again.Outbox.Items.Count == 0, "sent after the reload");

        Assert.Equal(["one"], _server["general"].Messages.Select(m => m.Content));
        Assert.Equal(["two"], _server["other"].Messages.Select(m => m.Content));
        Assert.Equal(["one"], again.Texts("general"));
    }

    [Fact]
    public void Messages_go_over_http_while_the_hub_cannot_be_reached()
    {
        _server.NoSockets = true;
        var alice = new TestClient(_server, "alice").Begin();
        _sim.Until(() => alice.Store.RoomsLoaded, "rooms over HTTP");
        Assert.NotEqual(ConnectionPhase.Live, alice.Phase);

        _sim.Do(() => alice.Actions.Send("general", "by post"));
        _sim.Until(() => alice.Outbox.Items.Count == 0, "sent");

        Assert.Equal(["by post"], _server["general"].Messages.Select(m => m.Content));
    }

    [Fact]
    public void Two_tabs_send_each_message_once_and_both_show_it()
    {
        var browser = new FakeBrowser();
        var one = new TestClient(_server, "alice", browser).Start("general");
        var two = new TestClient(_server, "alice", browser).Start("general");
        Assert.True(one.Tab.IsLeading && !two.Tab.IsLeading);

        _sim.Do(() => two.Actions.Send("general", "from the second tab"));
        _sim.RunSeconds(1);

        Assert.Single(_server.Accepted);
        Assert.Equal(["from the second tab"], one.Texts("general"));
        Assert.Equal([SendState.Sent], two.Shown("general").Select(i => i.State));
        Assert.Empty(one.Outbox.Items);
        Assert.Empty(two.Outbox.Items);
    }

    [Fact]
    public void When_the_leading_tab_closes_another_sends_what_it_left()
    {
        var browser = new FakeBrowser();
        var one = new TestClient(_server, "alice", browser).Start("general");
        var two = new TestClient(_server, "alice", browser).Start("general");
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (true, true));
        _sim.Do(() => one.Actions.Send("general", "left behind"));
        one.Close();
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (false, false));

        _sim.Until(() => two.Outbox.Items.Count == 0 && _server["general"].Messages.Count > 0, "the other tab sent it");

        Assert.True(two.Tab.IsLeading);
        Assert.Equal(["left behind"], two.Texts("general"));
    }

    [Fact]
    public void A_frozen_leading_tab_does_not_hold_up_the_others()
    {
        var browser = new FakeBrowser();
        var one = new TestClient(_server, "alice", browser).Start("general");
        var two = new TestClient(_server, "alice", browser).Start("general");
        one.Tab.Frozen = true;

        _sim.Do(() => two.Actions.Send("general", "mine"));
        _sim.RunSeconds(6);

        Assert.Equal(["mine"], _server["general"].Messages.Select(m => m.Content));
        Assert.Empty(two.Outbox.Items);
    }

    [Fact]
    public void Edits_and_reactions_are_seen_at_once_kept_offline_and_do_not_flicker()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        string id = "";
        _sim.Do(() => id = alice.Actions.Send("general", "draft"));
        _sim.RunSeconds(1);
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (true, true));
        _sim.Do(() => _server.DropLinks());
        _sim.Do(() => alice.Actions.Edit("general", id, "final"));
        _sim.Do(() => alice.Actions.React("general", id, "👍", on: true));

        var pending = Assert.Single(alice.Shown("general"));
        Assert.Equal(("final", true, "👍"), (pending.Message.Content, pending.Pending, Assert.Single(pending.Message.Reactions).Emoji));
        var seen = new List<string>();
        alice.Room("general").Timeline.Changed += () => seen.AddRange(alice.Texts("general"));
        _server.Loss = 1;
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (false, false));
        alice.Settle();

        Assert.Empty(alice.Outbox.Items);
        Assert.Equal(("final", "👍"), (_server["general"].Find(id)!.Content, _server["general"].Find(id)!.Reactions[0].Emoji));
        Assert.DoesNotContain("draft", seen);
    }

    [Fact]
    public void A_browser_that_keeps_nothing_still_sends()
    {
        var alice = new TestClient(_server, "alice", new FakeBrowser { Broken = true }).Start("general");

        _sim.Do(() => alice.Actions.Send("general", "from memory"));
        _sim.RunSeconds(1);

        Assert.Equal(["from memory"], _server["general"].Messages.Select(m => m.Content));
    }
}
