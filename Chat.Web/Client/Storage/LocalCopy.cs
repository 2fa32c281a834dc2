using System.Text.Json;
using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Web.Client.Storage;

/// <summary>
/// The last rooms and messages, kept in the browser so that they are on screen before the network answers. A copy, never
/// the truth: every answer of the server replaces it. Saved a moment after something changed.
/// </summary>
public sealed partial class LocalCopy(ChatStore store, IKeyValueStore storage, ChatJson json, TimeProvider time, ILogger<LocalCopy> logger)
{
    private const int Messages = 50;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);
    private readonly HashSet<string> _dirty = new(StringComparer.Ordinal);
    private bool _roomsDirty;
    private ITimer? _timer;
    private bool _waiting;
    private bool _started;

    /// <summary>Puts the kept rooms into the store, unless the server was faster; then keeps what changes.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (store.Me is { } me && await ReadAsync(Stores.Rooms, me.Username, "rooms", json.IReadOnlyListRoomSummary, cancellationToken) is { } rooms &&
            !store.RoomsLoaded)
        {
            store.SetRooms(rooms);
        }

        if (!_started)
        {
            _started = true;
            store.RoomsChanged += RoomsChanged;
            store.TimelineChanged += TimelineChanged;
        }
    }

    /// <summary>The kept messages of a room, oldest first; null when there are none.</summary>
    public async Task<IReadOnlyList<Message>?> ReadMessagesAsync(string roomId, CancellationToken cancellationToken) => store.Me is { } me
        ? (await ReadAsync(Stores.Messages, me.Username, roomId, json.MessagePage, cancellationToken))?.Messages
        : null;

    /// <summary>Writes what changed, now.</summary>
    public async Task SaveAsync()
    {
        _waiting = false;
        if (store.Me is not { } me)
        {
            return;
        }

        try
        {
            if (_roomsDirty)
            {
                _roomsDirty = false;
                IReadOnlyList<RoomSummary> rooms = [.. store.Rooms.Select(Summarize)];
                await storage.PutAsync(
                    Stores.Rooms, Stores.Key(me.Username, "rooms"), JsonSerializer.Serialize(rooms, json.IReadOnlyListRoomSummary), default);
            }

            foreach (var roomId in _dirty.ToList())
            {
                _dirty.Remove(roomId);
                if (store.Room(roomId)?.Timeline.Newest(Messages) is { Count: > 0 } newest)
                {
                    var page = new MessagePage(newest, HasMoreBefore: true, HasMoreAfter: true, 0, "", Complete: true);
                    await storage.PutAsync(
                        Stores.Messages, Stores.Key(me.Username, roomId), JsonSerializer.Serialize(page, json.MessagePage), default);
                }
            }
        }
        catch (StorageException e)
        {
            LogNotKept(e);
        }
    }

    private static RoomSummary Summarize(RoomState room) => room.Summary with
    {
        Unread = room.Unread,
        Mentions = room.Mentions,
        LastMessage = room.LastMessage,
        LastReadMessageId = room.ReadMark?.Id,
        LastReadAt = room.ReadMark?.Timestamp,
        // Who was online when this was kept says nothing of when it is read.
        DirectPeople = room.Summary.DirectPeople?.Select(p => p with { Online = false }).ToList(),
    };

    private void RoomsChanged()
    {
        _roomsDirty = true;
        SaveSoon();
    }

    private void TimelineChanged(RoomState room)
    {
        _dirty.Add(room.Id);
        SaveSoon();
    }

    private void SaveSoon()
    {
        if (!_waiting)
        {
            _waiting = true;
            _timer ??= time.CreateTimer(_ => _ = SaveAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Moment, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task<T?> ReadAsync<T>(
        string from, string username, string key, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            var text = await storage.GetAsync(from, Stores.Key(username, key), cancellationToken);
            return text is null ? null : JsonSerializer.Deserialize(text, type);
        }
        catch (Exception e) when (e is StorageException or JsonException)
        {
            // Kept by another version, or not readable: the server has it.
            LogNotRead(e);
            return null;
        }
    }

    [LoggerMessage(7201, LogLevel.Warning, "The browser does not keep a local copy")]
    private partial void LogNotKept(Exception e);

    [LoggerMessage(7202, LogLevel.Warning, "The local copy could not be read")]
    private partial void LogNotRead(Exception e);
}
