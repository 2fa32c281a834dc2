using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>
/// The one store of what the client knows. Hub events, history and the outbox write it; components read it, subscribe to
/// the narrowest event that covers what they show, and change things only through <see cref="ChatActions"/>. Lives on the
/// browser's one thread; not safe for others.
/// </summary>
public sealed partial class ChatStore(TimeProvider time)
{
    private readonly Dictionary<string, RoomState> _rooms = new(StringComparer.Ordinal);
    private RoomState[]? _sorted;

    /// <summary>The signed-in user; null until known.</summary>
    public Me? Me { get; private set; }

    /// <summary>Whether the list of rooms is known, from the server or from the local copy. Until then: skeletons.</summary>
    public bool RoomsLoaded { get; private set; }

    /// <summary>The caller's rooms, most recently active first.</summary>
    public IReadOnlyList<RoomState> Rooms => _sorted ??= [.. _rooms.Values
        .OrderByDescending(r => r.LastActivity)
        .ThenBy(r => r.Id, StringComparer.Ordinal)];

    /// <summary>The room that is open; null when none is.</summary>
    public RoomState? OpenRoom { get; private set; }

    public People People { get; } = new();

    public ConnectionStatus Connection { get; private set; } = new(ConnectionPhase.Connecting);

    /// <summary>Unread mentions and direct messages of all rooms that are not muted: the number for the page's title.</summary>
    public int Attention => _rooms.Values.Where(r => !r.Summary.Muted).Sum(r => r.Summary.Kind == RoomKind.Direct ? r.Unread : r.Mentions);

    /// <summary>The list of rooms, their order, or any room's summary, unread or mention count changed.</summary>
    public event Action? RoomsChanged;

    public event Action? ConnectionChanged;

    public event Action? MeChanged;

    /// <summary>Another room was opened.</summary>
    public event Action? OpenRoomChanged;

    /// <summary>A message of somebody else came in live, for sounds and notifications.</summary>
    public event Action<RoomState, Message>? MessageArrived;

    public RoomState? Room(string roomId) => _rooms.GetValueOrDefault(roomId);

    /// <summary>Whether a message mentions the signed-in user or the room.</summary>
    public bool MentionsMe(Message message) =>
        Me is { } me && message.Sender != me.Username && (message.Mentions.Contains(me.Username) || message.Mentions.Contains("room"));
}
