using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Web.Client.Connection;

/// <summary>What happens on connecting, and what the hub tells.</summary>
public sealed partial class ChatConnection
{
    private const string AllRooms = "";
    private static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(1);

    /// <summary>The client catches up by itself when the server has not said within it that this connection hears of everything.</summary>
    private static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(3);

    /// <summary>The longest delay of a resync that is honoured.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    // Resyncs that wait for their moment, by room. What is fetched then is of then, so that another one while it waits changes nothing.
    private readonly Dictionary<string, object> _resyncs = new(StringComparer.Ordinal);
    private CancellationTokenSource _connected = new();
    private HubEvents? _events;

    // Told before the connection counted as open: how long to wait.
    private TimeSpan? _toldEarly;

    // Nothing was told of all rooms since the connection is open.
    private bool _untold;
    private bool _refreshing;

    // A nested class sees members, not constructor parameters.
    private ChatStore Known => store;

    private HistorySync History => history;

    private bool _refreshAgain;

    private void Connected()
    {
        _connected.Dispose();
        _connected = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        history.Stopping = _connected.Token;
        // The server says when this connection hears of everything: what is fetched before that would have to be fetched again.
        _resyncs.Clear();
        _untold = _toldEarly is null;
        Resync(AllRooms, _toldEarly ?? ToldWithin);

        reads.Flush();
        outbox.Wake();
        names.Ask();
        if (store.OpenRoom is { Members: not null } room)
        {
            _ = QuietlyAsync(() => ReadMembersAsync(room));
        }
    }

    private void ToldToResync(ResyncEvent resync)
    {
        var delay = TimeSpan.FromMilliseconds(Math.Clamp(resync.DelayMilliseconds ?? 0, 0, LongestDelay.TotalMilliseconds));
        if (live.Current is null)
        {
            // The event was faster than the answer that the connection is open.
            _toldEarly = resync.RoomId is null ? delay : _toldEarly;
            return;
        }

        if (resync.RoomId is null && _untold)
        {
            // The server's moment counts, not the one that was meant for a server that says nothing.
            _untold = false;
            _resyncs.Remove(AllRooms);
        }

        if (delay <= TimeSpan.Zero || !_resyncs.ContainsKey(AllRooms))
        {
            Resync(resync.RoomId ?? AllRooms, delay);
        }
    }

    private void Resync(string roomId, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            ResyncNow(roomId);
        }
        else
        {
            ResyncLater(roomId, delay);
        }
    }

    private async void ResyncLater(string roomId, TimeSpan delay)
    {
        var waiting = new object();
        if (!_resyncs.TryAdd(roomId, waiting))
        {
            return;
        }

        Publish();
        var connected = _connected.Token;
        try
        {
            await Task.Delay(delay, time, connected);
        }
        catch (OperationCanceledException)
        {
            // The next connection catches up.
            return;
        }

        if (_resyncs.GetValueOrDefault(roomId) == waiting)
        {
            ResyncNow(roomId);
        }
    }

    private void ResyncNow(string roomId)
    {
        _resyncs.Remove(roomId);
        if (roomId == AllRooms)
        {
            // Rooms that wait for a moment of their own are among all.
            _resyncs.Clear();
            history.CatchUpAll();
        }
        else if (store.Room(roomId) is { } room)
        {
            history.Reread(room);
        }

        RefreshRooms(roomId == AllRooms ? TimeSpan.Zero : RefreshAfter);
        Publish();
    }

    private async Task ReadMembersAsync(RoomState room)
    {
        var members = await api.MembersAsync(room.Id, _connected.Token);
        foreach (var member in members)
        {
            store.People.Learn(new UserInfo(member.Username, member.DisplayName, member.Online));
        }

        room.SetMembers(members);
    }

    /// <summary>Reads the list of rooms, now or soon; asked for again until it is answered or the connection is gone.</summary>
    private async void RefreshRooms(TimeSpan soon)
    {
        if (_refreshing)
        {
            _refreshAgain = true;
            return;
        }

        _refreshing = true;
        Publish();
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, _asking.Token);
        try
        {
            if (soon > TimeSpan.Zero)
            {
                await Task.Delay(soon, time, asking.Token);
            }

            for (var attempt = 0; ; attempt++)
            {
                _refreshAgain = false;
                try
                {
                    var membership = store.Membership;
                    var rooms = await api.RoomsAsync(asking.Token);
                    if (store.RoomsLoaded && store.Membership != membership)
                    {
                        // A room that was made, joined or left meanwhile: the answer may be of before, so it is asked for again.
                        _refreshAgain = true;
                    }
                    else
                    {
                        store.SetRooms(rooms);
                    }

                    if (!_refreshAgain)
                    {
                        return;
                    }

                    await Task.Delay(RefreshAfter, time, asking.Token);
                }
                catch (ApiException e)
                {
                    LogRoomsNotRead(e.Code);
                    Refused(e);
                    if (live.Current is null)
                    {
                        return;
                    }

                    await Task.Delay(_backoff.After(attempt), time, asking.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The page goes away, or the user does.
        }
        finally
        {
            _refreshing = false;
            Publish();
        }
    }

    private void CheckCounts(RoomState room)
    {
        if (room.CountsInDoubt)
        {
            RefreshRooms(RefreshAfter);
        }
    }

    /// <summary>The hub's events, put where they belong. Whatever order they come in.</summary>
    private sealed class HubEvents(ChatConnection owner) : IChatClient
    {
        private ChatStore Store => owner.Known;

        public Task MessageReceived(Message message)
        {
            if (!Store.Receive(message))
            {
                owner.RefreshRooms(RefreshAfter);
            }
            else if (Store.Room(message.RoomId) is { } room)
            {
                owner.History.Look(room);
            }

            return Task.CompletedTask;
        }

        public Task MessageEdited(MessageEdited edit) => Change(edit);

        public Task MessageDeleted(MessageDeleted deleted) => Change(deleted);

        public Task ReactionChanged(ReactionChanged reaction) => Change(reaction);

        public Task Typing(TypingEvent typing)
        {
            Store.Room(typing.RoomId)?.SetTyping(typing.Username);
            return Task.CompletedTask;
        }

        public Task PresenceChanged(PresenceEvent presence)
        {
            Store.People.SetOnline(presence.Username, presence.Online);
            return Task.CompletedTask;
        }

        public Task ReadChanged(ReadEvent read)
        {
            if (Store.Room(read.RoomId) is not { } room)
            {
                return Task.CompletedTask;
            }

            var key = room.KeyOf(read.MessageId);
            if (read.Username != Store.Me?.Username)
            {
                if (key is { } theirs)
                {
                    room.MemberRead(read.Username, theirs);
                }
            }
            else if (key is { } mine)
            {
                room.MarkRead(mine);
                owner.CheckCounts(room);
            }
            else
            {
                owner.RefreshRooms(RefreshAfter);
            }

            return Task.CompletedTask;
        }

        public async Task RoomChanged(RoomChanged changed)
        {
            if (Store.Room(changed.Id) is { } room)
            {
                room.Apply(changed);
                if (room.Members is not null && room.Members.Count != changed.MemberCount)
                {
                    await owner.QuietlyAsync(() => owner.ReadMembersAsync(room));
                }

                return;
            }

            // The user was added to it.
            owner.RefreshRooms(TimeSpan.Zero);
        }

        public Task RoomRemoved(RoomRemovedEvent room)
        {
            Store.RemoveRoom(room.Id);
            return Task.CompletedTask;
        }

        public Task Resync(ResyncEvent resync)
        {
            owner.ToldToResync(resync);
            return Task.CompletedTask;
        }

        public Task SessionEnded()
        {
            owner.EndSession();
            return Task.CompletedTask;
        }

        private Task Change(MessageChange change)
        {
            Store.Apply(change);
            if (Store.Room(change.RoomId) is { } room)
            {
                owner.CheckCounts(room);
                owner.History.Look(room);
            }

            return Task.CompletedTask;
        }
    }
}
