using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

/// <summary>
/// A server in memory that keeps the contract's promises about messages, and breaks pushes as told: history is right,
/// hints may be lost, come twice, or overtake each other.
/// </summary>
internal sealed class FakeServer(Simulation sim)
{
    private readonly Dictionary<string, FakeRoom> _rooms = new(StringComparer.Ordinal);
    private readonly List<FakeLink> _links = [];

    /// <summary>Share of pushes that never arrive.</summary>
    public double Loss { get; set; }

    /// <summary>Share of pushes that arrive twice.</summary>
    public double Duplication { get; set; }

    /// <summary>How long a push may take; pushes of different delay overtake each other.</summary>
    public TimeSpan Jitter { get; set; }

    /// <summary>No answer to anything.</summary>
    public bool Unreachable { get; set; }

    /// <summary>The hub cannot be reached, plain HTTP can.</summary>
    public bool NoSockets { get; set; }

    /// <summary>A store is away: pages have only each second message, and say so.</summary>
    public bool Incomplete { get; set; }

    /// <summary>Redis is away: messages and changes get no number. When it is back, every room has a new epoch.</summary>
    public bool Unnumbered
    {
        get;
        set
        {
            if (field && !value)
            {
                _rooms.Values.ToList().ForEach(r => r.NewEpoch());
            }

            field = value;
        }
    }

    /// <summary>Sends that are refused with this code, that many times.</summary>
    public (string Code, int Times) Refuse { get; set; }

    /// <summary>Sends that are accepted and whose acknowledgement gets lost, that many times.</summary>
    public int LostAcknowledgements { get; set; }

    /// <summary>Files that were uploaded and are still there.</summary>
    public Dictionary<string, Attachment> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Ids that were uploaded, each time.</summary>
    public List<string> Uploads { get; } = [];

    /// <summary>Uploads are refused with this code.</summary>
    public string? RefuseFiles { get; set; }

    public bool SignedOut { get; set; }

    /// <summary>It exports traces.</summary>
    public bool TakesSpans { get; set; } = true;

    /// <summary>Reports of spans, whether it took them or not.</summary>
    public List<BrowserSpanReport> Reports { get; } = [];

    /// <summary>Messages that were stored, per call that stored them.</summary>
    public List<string> Accepted { get; } = [];

    /// <summary>Calls for pages of history.</summary>
    public int PageCalls { get; private set; }

    /// <summary>Calls for changes after a number.</summary>
    public int ChangeCalls { get; private set; }

    /// <summary>It is of a version that numbers no changes.</summary>
    public bool IsOld { get; set; }

    public int RoomCalls { get; set; }

    /// <summary>How many sockets were opened.</summary>
    public int Connects { get; private set; }

    /// <summary>A new socket is told to resync as soon as it hears of everything.</summary>
    public bool SaysResync { get; set; } = true;

    /// <summary>Milliseconds that a new connection is told to wait before it fetches; null: none.</summary>
    public int? ResyncDelay { get; set; }

    /// <summary>Calls for one message, by id.</summary>
    public List<string> MessageCalls { get; } = [];

    /// <summary>Calls for people, by what was asked.</summary>
    public List<string> UserCalls { get; } = [];

    /// <summary>Whom it knows by name.</summary>
    public List<UserInfo> People { get; } = [];

    /// <summary>How long a page of history is on its way at most, and of before meanwhile.</summary>
    public TimeSpan PagesTake { get; set; }

    /// <summary>How long a list of rooms is on its way, and of before meanwhile.</summary>
    public TimeSpan RoomsTake { get; set; }

    public List<(string Username, string RoomId, string MessageId)> Marks { get; } = [];

    public Simulation Sim => sim;

    public FakeRoom Add(string roomId, params string[] members) => _rooms[roomId] = new FakeRoom(roomId, [.. members]);

    public FakeRoom this[string roomId] => _rooms[roomId];

    public void Remove(string roomId) => _rooms.Remove(roomId);

    public IReadOnlyList<RoomSummary> RoomsOf(string username) =>
        [.. _rooms.Values.Where(r => r.Members.Contains(username)).Select(r => r.SummaryFor(username))];

    public FakeRoom RoomFor(string username, string roomId) =>
        _rooms.TryGetValue(roomId, out var room) && room.Members.Contains(username) ? room : throw FakeApi.Refused(ErrorCodes.RoomNotFound, 404);

    /// <summary>A message of somebody who is not simulated as a client.</summary>
    public Message Says(string sender, string roomId, string content, string? clientId = null)
    {
        var room = _rooms[roomId];
        return room.Find(Store(sender, new SendMessage(roomId, content, clientId ?? Sim.NewId())).Id)!;
    }

    public SendReceipt Store(string sender, SendMessage send)
    {
        var room = RoomFor(sender, send.RoomId);
        var id = MessageId.For(sender, send.ClientId);
        if (room.Find(id) is { } known)
        {
            return new SendReceipt(known.Id, known.Timestamp, known.Seq, known.Epoch);
        }

        if (send.Attachments?.All(Files.ContainsKey) == false)
        {
            throw FakeApi.Refused(ErrorCodes.UnknownFile, 409);
        }

        Accepted.Add(id);
        var message = room.Append(
            new Message
            {
                Id = id,
                Sender = sender,
                RoomId = room.Id,
                Content = send.Content,
                Timestamp = sim.Time.GetUtcNow(),
                ClientId = send.ClientId,
                ReplyTo = send.ReplyTo,
                Attachments = send.Attachments?.Select(id => Files[id]).ToList(),
                Mentions = Chat.Web.Client.Text.MentionText.Find(send.Content),
            },
            numbered: !Unnumbered);
        Push(room, client => client.MessageReceived(message));
        return new SendReceipt(message.Id, message.Timestamp, message.Seq, message.Epoch);
    }

    public void Change(MessageChange change)
    {
        var room = _rooms[change.RoomId];
        change = room.Apply(change, numbered: !Unnumbered && !IsOld);
        Push(room, client => change switch
        {
            MessageEdited edit => client.MessageEdited(edit),
            MessageDeleted deleted => client.MessageDeleted(deleted),
            ReactionChanged reaction => client.ReactionChanged(reaction),
            _ => Task.CompletedTask,
        });
    }

    public void Read(string username, string roomId, string messageId)
    {
        var room = RoomFor(username, roomId);
        Marks.Add((username, roomId, messageId));
        if (room.MarkRead(username, messageId))
        {
            Push(room, client => client.ReadChanged(new ReadEvent(roomId, username, messageId)));
        }
    }

    public MessagePage Page(string username, string roomId, HistoryKey? before, HistoryKey? after, int limit)
    {
        PageCalls++;
        var page = RoomFor(username, roomId).Page(before, after, limit);
        page = Unnumbered ? page with { Seq = 0, Epoch = "" } : page with { ChangesNumbered = !IsOld };
        return Incomplete
            ? page with { Messages = [.. page.Messages.Where((_, i) => i % 2 == 0)], Complete = false, Seq = 0, Epoch = "" }
            : page;
    }

    public ChangePage Changes(string username, string roomId, string epoch, long since)
    {
        ChangeCalls++;
        var changes = RoomFor(username, roomId).Changes(epoch, since);
        return IsOld ? throw FakeApi.Refused(ErrorCodes.NotFound, 404)
            : Unnumbered ? new ChangePage([], 0, "", Complete: false)
            : changes;
    }

    public void Push(FakeRoom room, Func<IChatClient, Task> tell)
    {
        foreach (var link in _links.Where(l => room.Members.Contains(l.Username)).ToList())
        {
            Push(link, tell);
        }
    }

    public void Push(FakeLink link, Func<IChatClient, Task> tell)
    {
        var copies = sim.Random.NextDouble() < Loss ? 0 : sim.Random.NextDouble() < Duplication ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            Deliver(link, tell, Jitter * sim.Random.NextDouble());
        }
    }

    public void Connect(FakeLink link)
    {
        Connects++;
        _links.Add(link);
        if (SaysResync)
        {
            Deliver(link, client => client.Resync(new ResyncEvent(DelayMilliseconds: ResyncDelay)), TimeSpan.Zero);
        }
    }

    public void Disconnect(FakeLink link) => _links.Remove(link);

    /// <summary>Every socket of the user, or of everybody, breaks.</summary>
    public void DropLinks(string? username = null)
    {
        foreach (var link in _links.Where(l => username is null || l.Username == username).ToList())
        {
            link.Break();
        }
    }

    public void ToAll(Func<IChatClient, Task> tell) => _links.ToList().ForEach(l => Deliver(l, tell, TimeSpan.Zero));

    private async void Deliver(FakeLink link, Func<IChatClient, Task> tell, TimeSpan delay)
    {
        Assert.Same(sim, SynchronizationContext.Current);
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, sim.Time);
        }
        else
        {
            await Task.Yield();
        }

        if (!link.Closed.IsCompleted)
        {
            await tell(link.Receiver);
        }
    }
}
