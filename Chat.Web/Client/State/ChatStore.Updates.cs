using Chat.Contracts;
using Chat.Web.Client.Outbox;

namespace Chat.Web.Client.State;

/// <summary>How the store comes to know: from the server's answers, its events, and the outbox.</summary>
public sealed partial class ChatStore
{
    internal TimeProvider Time => time;

    internal IEnumerable<RoomState> AllRooms => _rooms.Values;

    /// <summary>Grows when a room comes or goes.</summary>
    internal int Membership { get; private set; }

    /// <summary>For the local copy: this room's messages changed.</summary>
    internal event Action<RoomState>? TimelineChanged;

    /// <summary>The server has a change of one's own whose event has not come (yet).</summary>
    internal event Action<RoomState, OutboxItem>? ConfirmedUntold;

    /// <summary>A room that was not known before.</summary>
    internal event Action<RoomState>? RoomAdded;

    internal void SetMe(Me? value)
    {
        if (Me != value)
        {
            Me = value;
            if (value is not null)
            {
                People.Learn(new UserInfo(value.Username, value.DisplayName, Online: true));
            }

            MeChanged?.Invoke();
        }
    }

    internal void SetConnection(ConnectionStatus status)
    {
        if (Connection != status)
        {
            Connection = status;
            ConnectionChanged?.Invoke();
        }
    }

    /// <summary>The whole list as the server answers it: rooms that are not in it are no longer the user's.</summary>
    internal void SetRooms(IReadOnlyList<RoomSummary> rooms)
    {
        foreach (var gone in _rooms.Keys.Except(rooms.Select(r => r.Id)).ToList())
        {
            Forget(gone);
        }

        foreach (var summary in rooms)
        {
            SetRoom(summary);
        }

        RoomsLoaded = true;
        TouchRooms();
    }

    internal RoomState SetRoom(RoomSummary summary)
    {
        if (!_rooms.TryGetValue(summary.Id, out var room))
        {
            room = new RoomState(summary, () => Me?.Username, time);
            var added = room;
            room.SummaryChanged += TouchRooms;
            room.Timeline.Changed += () => TimelineChanged?.Invoke(added);
            _rooms[summary.Id] = room;
            Membership++;
            RoomAdded?.Invoke(room);
        }

        foreach (var person in summary.DirectPeople ?? [])
        {
            People.Learn(person);
        }

        room.Apply(summary);
        return room;
    }

    internal void RemoveRoom(string roomId)
    {
        Forget(roomId);
        TouchRooms();
    }

    internal void Open(RoomState? room)
    {
        if (OpenRoom != room)
        {
            OpenRoom = room;
            OpenRoomChanged?.Invoke();
        }
    }

    /// <summary>False when the room is not known.</summary>
    internal bool Receive(Message message)
    {
        if (!_rooms.TryGetValue(message.RoomId, out var room))
        {
            return false;
        }

        var isNew = room.Timeline.Receive(message);
        if (room.Arrived(message, MentionsMe(message)) && isNew)
        {
            MessageArrived?.Invoke(room, message);
        }

        return true;
    }

    /// <summary>Messages of a catch-up: counted like pushes, without their noise.</summary>
    internal void CaughtUp(RoomState room, IReadOnlyList<Message> messages) => room.Arrived(messages, MentionsMe);

    internal void Apply(MessageChange change)
    {
        if (_rooms.TryGetValue(change.RoomId, out var room))
        {
            room.Timeline.Apply(change);
            room.Apply(change);
        }
    }

    internal void Pending(OutboxItem item) => Room(item.RoomId)?.Timeline.Pending(item);

    internal void Confirmed(OutboxItem item, SendReceipt? receipt)
    {
        if (Room(item.RoomId) is { } room)
        {
            room.Timeline.Confirmed(item, receipt);
            if (room.Timeline.IsUntold(item.Id))
            {
                ConfirmedUntold?.Invoke(room, item);
            }
        }
    }

    internal void Discarded(OutboxItem item) => Room(item.RoomId)?.Timeline.Discarded(item);

    /// <summary>Another user, or none: nothing of the last one stays.</summary>
    internal void Clear()
    {
        _rooms.Clear();
        RoomsLoaded = false;
        Open(null);
        SetMe(null);
        TouchRooms();
    }

    private void Forget(string roomId)
    {
        if (_rooms.Remove(roomId, out var room))
        {
            Membership++;
            room.SummaryChanged -= TouchRooms;
            if (OpenRoom == room)
            {
                Open(null);
            }
        }
    }

    private void TouchRooms()
    {
        _sorted = null;
        RoomsChanged?.Invoke();
    }
}
