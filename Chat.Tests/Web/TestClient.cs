using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Files;
using Chat.Web.Client.Outbox;
using Chat.Web.Client.State;
using Chat.Web.Client.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Tests.Web;

/// <summary>The whole client core of one tab, on the fake server and the fake browser.</summary>
internal sealed class TestClient : IHubLinkFactory
{
    private readonly FakeServer _server;
    private readonly ChatConnection _connection;

    public TestClient(FakeServer server, string username, FakeBrowser? browser = null)
    {
        _server = server;
        Username = username;
        Browser = browser ?? new FakeBrowser();
        Tab = Browser.Open();
        var (time, random) = (server.Sim.Time, server.Sim.Random);
        var api = new FakeApi(server, username);
        var live = new LiveLink();
        Store = new ChatStore(time);
        var copy = new LocalCopy(Store, Browser, ChatJson.Default, time, NullLogger<LocalCopy>.Instance);
        var shelf = new FakeShelf(server, Browser);
        Uploads = new FileUploads(shelf);
        Texting = new TextDrafts(Store, Browser, NullLogger<TextDrafts>.Instance);
        Settings = new DeviceSettings(Store, Browser, NullLogger<DeviceSettings>.Instance);
        Drafts = new FileDrafts(Store, Uploads, shelf, Browser, time, NullLogger<FileDrafts>.Instance);
        Outbox = new OutboxQueue(Store, Browser, Tab, new OutboxSender(live, api, Uploads, time), Uploads, time, random, NullLogger<OutboxQueue>.Instance);
        var history = new HistorySync(Store, api, copy, time, random, NullLogger<HistorySync>.Instance);
        var reads = new ReadMarks(Store, api, live, time, NullLogger<ReadMarks>.Instance);
        var names = new MissingNames(Store, api, live, time, NullLogger<MissingNames>.Instance);
        _connection = new ChatConnection(
            Store, api, this, live, Tab, history, Outbox, reads, names, copy, Browser, time, random, NullLogger<ChatConnection>.Instance);
        Actions = new ChatActions(Store, api, Outbox, history, reads, _connection);
    }

    public string Username { get; }

    public FakeBrowser Browser { get; }

    public FakeBrowser.FakeTab Tab { get; }

    public ChatStore Store { get; }

    public ChatActions Actions { get; }

    public OutboxQueue Outbox { get; }

    public FileUploads Uploads { get; }

    public FileDrafts Drafts { get; }

    public TextDrafts Texting { get; }

    public DeviceSettings Settings { get; }

    public Simulation Sim => _server.Sim;

    public ConnectionPhase Phase => Store.Connection.Phase;

    public IHubLink Create(IChatClient receiver) => new FakeLink(_server, Username, receiver);

    /// <summary>Starts without waiting for the network.</summary>
    public TestClient Begin(bool known = false)
    {
        Sim.Do(() => _ = _connection.StartAsync(known ? new Me(Username, Username) : null));
        return this;
    }

    /// <summary>Starts and opens the room.</summary>
    public TestClient Start(string? open = null)
    {
        Begin();
        Sim.Until(() => Phase == ConnectionPhase.Live && Store.RoomsLoaded && !Store.Connection.CatchingUp, "live");
        if (open is not null)
        {
            Open(open);
        }

        return this;
    }

    public void Open(string roomId)
    {
        var outcome = Sim.Await(() => Actions.OpenRoomAsync(roomId));
        Assert.True(outcome.Ok, outcome.Code);
    }

    /// <summary>The tab is closed or crashes: nothing more happens in it, what is kept stays.</summary>
    public void Close() => Sim.Do(async void () =>
    {
        Tab.Close();
        await _connection.DisposeAsync();
    });

    public RoomState Room(string roomId) => Store.Room(roomId)!;

    public IReadOnlyList<TimelineItem> Shown(string roomId) => Room(roomId).Timeline.View.Items;

    public string[] Texts(string roomId) => [.. Shown(roomId).Select(i => i.Message.Content)];

    /// <summary>Live, and nothing under way any more.</summary>
    public void Settle()
    {
        Sim.Until(() => Phase == ConnectionPhase.Live && !Store.Connection.CatchingUp, "live and caught up");
        Sim.RunSeconds(2);
        Sim.Until(() => Phase == ConnectionPhase.Live && !Store.Connection.CatchingUp, "live and caught up");
    }

    /// <summary>Scrolls up until the beginning, from the newest.</summary>
    public void ScrollThroughAll(string roomId)
    {
        Sim.Await(() => Actions.JumpToNewestAsync(roomId));
        while (Room(roomId).Timeline.View.HasOlder)
        {
            Sim.Do(() => Room(roomId).Timeline.Anchor(Shown(roomId).Count > 0 ? Shown(roomId)[0].Id : null));
            Assert.True(Sim.Await(() => Actions.LoadOlderAsync(roomId)).Ok);
        }
    }
}
