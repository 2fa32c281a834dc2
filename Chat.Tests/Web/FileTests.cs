using System.Text.Json;
using Chat.Contracts;
using Chat.Web.Client.Files;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

public sealed class FileTests
{
    private readonly Simulation _sim = new();
    private readonly FakeServer _server;

    public FileTests()
    {
        _server = new FakeServer(_sim);
        _server.Add("general", "alice", "bob");
    }

    [Fact]
    public void A_chosen_file_goes_up_at_once_and_its_message_stands_in_the_list_before_it_is_there()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        var bob = new TestClient(_server, "bob").Start("general");
        Choose(alice, new ChosenFile("h1", "cat.png", "image/png", 1000, 640, 480));
        _sim.RunSeconds(1);
        Assert.Equal(50, alice.Uploads.Percent(alice.Drafts.Of("general")[0].File.Id));

        _sim.Do(() => alice.Actions.Send("general", "", files: alice.Drafts.Take("general")));

        var echo = Assert.Single(alice.Shown("general"));
        var file = Assert.Single(echo.Message.Attachments!);
        Assert.Equal(("cat.png", 640, 480, true), (file.Name, file.Width, file.Height, file.IsImage));
        Assert.NotEqual(SendState.Sent, echo.State);
        Assert.Empty(alice.Drafts.Of("general"));
        _sim.Until(() => alice.Outbox.Items.Count == 0, "sent");
        _sim.Until(() => bob.Shown("general").Count == 1, "shown to bob");

        Assert.Equal([file], bob.Shown("general")[0].Message.Attachments!);
        Assert.Single(_server.Uploads);
        Assert.Empty(alice.Browser.Files);
    }

    [Fact]
    public void What_is_sent_offline_with_a_file_survives_a_reload_and_goes_out_once_and_in_order()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (true, true));
        _sim.Do(() => alice.Tab.SetOnline(false));
        Choose(alice, new ChosenFile("h1", "cat.png", "image/png", 1000, 640, 480));
        _sim.Do(() => alice.Actions.Send("general", "look", files: alice.Drafts.Take("general")));
        _sim.Do(() => alice.Actions.Send("general", "after"));
        _sim.RunSeconds(60);
        alice.Close();

        var again = new TestClient(_server, "alice", alice.Browser).Begin(known: true);
        _sim.RunSeconds(60);
        Assert.Empty(_server["general"].Messages);
        _sim.Do(() => (_server.Unreachable, _server.NoSockets) = (false, false));
        _sim.Do(() => again.Tab.SetOnline(true));
        _sim.Until(() => again.Outbox.Items.Count == 0, "sent");

        Assert.Equal(["look", "after"], _server["general"].Messages.Select(m => m.Content));
        Assert.Equal("cat.png", Assert.Single(_server["general"].Messages[0].Attachments!).Name);
        Assert.Single(_server.Uploads);
    }

    [Fact]
    public void A_file_that_the_server_swept_meanwhile_is_uploaded_again_and_the_message_goes_out()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        Choose(alice, new ChosenFile("h1", "notes.txt", "text/plain", 1000));
        _sim.Until(() => _server.Uploads.Count == 1, "uploaded");
        _server.Files.Clear();

        _sim.Do(() => alice.Actions.Send("general", "", files: alice.Drafts.Take("general")));
        _sim.Until(() => alice.Outbox.Items.Count == 0, "sent");

        Assert.Equal(2, _server.Uploads.Count);
        Assert.Equal("application/octet-stream", Assert.Single(_server["general"].Messages[0].Attachments!).ContentType);
    }

    [Fact]
    public void A_store_that_is_away_delays_a_file_and_loses_nothing()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        _sim.Do(() => _server.RefuseFiles = ErrorCodes.Unavailable);
        Choose(alice, new ChosenFile("h1", "notes.txt", "text/plain", 1000));
        _sim.Do(() => alice.Actions.Send("general", "", files: alice.Drafts.Take("general")));
        _sim.RunSeconds(60);
        Assert.True(alice.Outbox.SavingDelayed);

        _sim.Do(() => _server.RefuseFiles = null);
        _sim.Until(() => alice.Outbox.Items.Count == 0, "sent");
        Assert.Single(_server["general"].Messages);
    }

    [Fact]
    public void What_can_never_be_sent_is_said_at_once_and_a_message_without_its_file_stays_to_be_discarded()
    {
        var alice = new TestClient(_server, "alice").Start("general");
        Assert.Equal(ErrorCodes.FileTooLarge, Choose(alice, new ChosenFile("h1", "film.mp4", "video/mp4", Limits.FileBytes + 1)));
        Assert.Equal(ErrorCodes.FileEmpty, Choose(alice, new ChosenFile("h2", "empty", "", 0)));
        Assert.Equal(ErrorCodes.TooManyFiles, Choose(
            alice, [.. Enumerable.Range(0, Limits.AttachmentsMax + 1).Select(i => new ChosenFile($"n{i}", $"n{i}", "", 1))]));
        Assert.Equal(Limits.AttachmentsMax, alice.Drafts.Of("general").Count);
        _sim.Do(() => alice.Drafts.Of("general").ToList().ForEach(d => alice.Drafts.Remove("general", d.File.Id)));
        _sim.Do(() => _server.RefuseFiles = ErrorCodes.FileTypeRefused);
        Choose(alice, new ChosenFile("h3", "x.png", "image/png", 10, 1, 1));
        _sim.RunSeconds(30);
        Assert.Equal(ErrorCodes.FileTypeRefused, Assert.Single(alice.Drafts.Of("general")).Code);
        Assert.Empty(alice.Drafts.Take("general"));

        _sim.Do(() => _server.RefuseFiles = null);
        Choose(alice, new ChosenFile("h4", "lost.txt", "", 10));
        var id = "";
        _sim.Do(() => id = alice.Actions.Send("general", "", files: alice.Drafts.Take("general")));
        _sim.Do(() => alice.Browser.Files.Clear());
        _sim.Until(() => alice.Shown("general")[0].State == SendState.Failed, "failed");
        Assert.Equal(FileUploads.Lost, alice.Shown("general")[0].Code);
        _sim.Do(() => Assert.True(alice.Actions.Discard(id)));
        Assert.Empty(alice.Shown("general"));
    }

    private string? Choose(TestClient client, params ChosenFile[] files) => _sim.Await(
        () => client.Drafts.AddAsync("general", JsonSerializer.Serialize(files, ChosenJson.Default.ChosenFileArray)));
}
