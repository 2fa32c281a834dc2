using System.Text.Json;
using Chat.Web.Client.Files;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

/// <summary>What was written, chosen and set in a browser is there again after a reload.</summary>
public sealed class DraftTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public DraftTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
        _server.Add("other", "alice", "bob");
    }

    [Fact]
    public void What_is_written_and_not_sent_survives_a_reload_each_room_for_itself()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() =>
        {
            foreach (var text in new[] { "h", "ha", "half a sentence" })
            {
                alice.Texting.Set("general", text);
            }
        });
        alice.Close();

        var again = new TestClient(_server, "alice", alice.Browser).Start("general");
        Assert.Equal("half a sentence", Kept(again, "general"));
        Assert.Equal("", Kept(again, "other"));

        _sim.Do(() => again.Texting.Set("general", ""));
        again.Close();
        Assert.Equal("", Kept(new TestClient(_server, "alice", alice.Browser).Start("general"), "general"));
    }

    [Fact]
    public void A_browser_that_keeps_nothing_still_keeps_what_is_written_while_the_page_is_open()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => alice.Browser.Broken = true);
        _sim.Do(() => alice.Texting.Set("general", "half"));

        Assert.Equal("half", Kept(alice, "general"));
    }

    [Fact]
    public void Chosen_files_survive_a_reload_and_are_sent_once()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        Choose(alice, new ChosenFile("h1", "cat.png", "image/png", 1000, 640, 480), new ChosenFile("h2", "notes.txt", "text/plain", 10));
        _sim.RunSeconds(1);
        alice.Close();

        var again = new TestClient(_server, "alice", alice.Browser).Start("general");
        Assert.Empty(again.Drafts.Of("general"));
        Restore(again);
        Restore(again);
        Assert.Equal(["cat.png", "notes.txt"], again.Drafts.Of("general").Select(d => d.File.File.Name));
        _sim.Do(() => again.Actions.Send("general", "both", files: again.Drafts.Take("general")));
        _sim.Until(() => again.Outbox.Items.Count == 0, "sent");

        Assert.Equal(2, Assert.Single(_server["general"].Messages).Attachments!.Count);
        again.Close();
        var last = new TestClient(_server, "alice", alice.Browser).Start("general");
        Restore(last);
        Assert.Empty(last.Drafts.Of("general"));
    }

    [Fact]
    public void A_file_that_was_removed_again_does_not_come_back_and_one_that_the_browser_dropped_says_so()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        Choose(alice, new ChosenFile("h1", "one.txt", "text/plain", 10), new ChosenFile("h2", "two.txt", "text/plain", 10));
        _sim.Do(() => alice.Drafts.Remove("general", alice.Drafts.Of("general")[0].File.Id));
        alice.Close();
        alice.Browser.Files.Clear();

        var again = new TestClient(_server, "alice", alice.Browser).Start("general");
        Restore(again);
        _sim.RunSeconds(30);

        var draft = Assert.Single(again.Drafts.Of("general"));
        Assert.Equal(("two.txt", FileUploads.Lost), (draft.File.File.Name, draft.Code));
    }

    [Fact]
    public void A_room_notifies_of_mentions_of_everything_or_of_nothing_as_was_chosen()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        var heard = new List<string>();
        alice.Store.MessageArrived += (room, message) =>
        {
            if (alice.Settings.Notifies(room, message))
            {
                heard.Add(message.Content);
            }
        };
        Load(alice);
        Say("quiet", "@alice one");
        Assert.Equal(["@alice one"], heard);

        _sim.Await(async () => { await alice.Settings.SetLoudAsync("general", loud: true, default); return true; });
        Assert.Equal(NotifyOf.Everything, alice.Settings.Of(alice.Room("general")));
        Say("loud", "@alice two");
        Assert.Equal(["@alice one", "loud", "@alice two"], heard);
        Assert.Equal(NotifyOf.Mentions, alice.Settings.Of(alice.Room("other")));

        _sim.Do(() => alice.Room("general").SetMuted(true));
        Say("muted", "@alice three");
        Assert.Equal(3, heard.Count);
        alice.Close();

        var again = new TestClient(_server, "alice", alice.Browser).Start("general");
        Load(again);
        Assert.Equal(["general"], again.Settings.Preferences.Loud);
        var phone = new TestClient(_server, "alice").Start("general");
        Load(phone);
        Assert.Equal(new DevicePreferences().Loud, phone.Settings.Preferences.Loud);
    }

    private void Say(params string[] texts)
    {
        foreach (var text in texts)
        {
            _sim.Do(() => _server.Says("bob", "general", text));
        }

        _sim.RunSeconds(1);
    }

    private string Kept(TestClient client, string roomId) => _sim.Await(async () => await client.Texting.ReadAsync(roomId, default));

    private void Restore(TestClient client) => _sim.Await(async () => { await client.Drafts.RestoreAsync("general", default); return true; });

    private void Load(TestClient client) => _sim.Await(async () => { await client.Settings.LoadAsync(default); return true; });

    private void Choose(TestClient client, params ChosenFile[] files) => Assert.Null(_sim.Await(
        () => client.Drafts.AddAsync("general", JsonSerializer.Serialize(files, ChosenJson.Default.ChosenFileArray))));
}
