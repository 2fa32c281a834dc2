using System.Buffers.Binary;
using System.Text.Json;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Files;
using Chat.Web.Client.State;
using Chat.Web.Client.Storage;

namespace Chat.Web.Client.Outbox;

/// <summary>
/// What the user did and the server has not confirmed: shown at once, kept in the browser, sent in order per room, again
/// until the server has it or refuses it for good. Shared by the user's tabs: the one that leads sends; should it not, the
/// tab that wrote the item does after a moment. Sending twice does no harm: the client id makes it the same message.
/// </summary>
public sealed partial class OutboxQueue(
    ChatStore store, IKeyValueStore storage, ITabs tabs, IOutboxSender sender, FileUploads files, TimeProvider time, Random random, ILogger<OutboxQueue> logger)
{
    private readonly SortedDictionary<string, OutboxItem> _items = new(StringComparer.Ordinal);
    private DateTimeOffset _lastId;
    private string? _username;
    private CancellationToken _stopping;

    /// <summary>Unconfirmed, those that failed included, in the order of doing.</summary>
    public IReadOnlyCollection<OutboxItem> Items => _items.Values;

    /// <summary>The server cannot keep something just now.</summary>
    public bool SavingDelayed => _items.Values.Any(i => i.State != OutboxState.Failed && i.Code is ErrorCodes.NotAccepted or ErrorCodes.Unavailable);

    public event Action? Changed;

    /// <summary>Reads what was left of the last visit and begins to send for the user. Ends with the token.</summary>
    public async Task StartAsync(string username, CancellationToken cancellationToken)
    {
        (_username, _stopping) = (username, cancellationToken);
        tabs.Announced += Heard;
        cancellationToken.Register(() => tabs.Announced -= Heard);
        await ReadKeptAsync(cancellationToken);
        _ = LeadAsync(username, cancellationToken);
    }

    public OutboxItem Add(
        OutboxKind kind, string roomId, string? messageId = null, string content = "", string? replyTo = null, string emoji = "", bool on = false,
        IReadOnlyList<OutboxFile>? attached = null)
    {
        // UUIDv7 orders by milliseconds: no two of one tab share one.
        var now = time.GetUtcNow();
        _lastId = now > _lastId.AddMilliseconds(1) ? now : _lastId.AddMilliseconds(1);
        var id = NewId(_lastId).ToString();
        var item = new OutboxItem
        {
            Id = id,
            Kind = kind,
            RoomId = roomId,
            MessageId = messageId ?? MessageId.For(_username ?? store.Me?.Username ?? "?", id),
            Content = content,
            ReplyTo = replyTo,
            Files = attached is { Count: > 0 } ? attached : null,
            Emoji = emoji,
            On = on,
            CreatedAt = now,
        };
        Keep(item, tell: true);
        if (!_leading)
        {
            SendMyselfUnlessLeaderDoes(item);
        }

        Pump(item.RoomId);
        return item;
    }

    /// <summary>A UUIDv7 whose random part is of the given source, so that a simulated client's ids are the same for the same seed.</summary>
    private Guid NewId(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<byte> milliseconds = stackalloc byte[8];
        random.NextBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(milliseconds, at.ToUnixTimeMilliseconds());
        milliseconds[2..].CopyTo(bytes);
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>Sends what failed again, by item id or message id.</summary>
    public void Retry(string id)
    {
        foreach (var item in Find(id).Where(i => i.State == OutboxState.Failed))
        {
            Keep(item with { State = OutboxState.Queued, Code = null }, tell: true);
            if (!_leading)
            {
                SendMyselfUnlessLeaderDoes(item);
            }

            Pump(item.RoomId);
        }

        Wake();
    }

    /// <summary>Gives up what failed or waits, by item id or message id; false when it is on its way.</summary>
    public bool Discard(string id)
    {
        var found = Find(id);
        if (found.Count == 0 || found.Exists(i => i.State == OutboxState.Sending))
        {
            return false;
        }

        foreach (var item in found)
        {
            Drop(item);
            store.Discarded(item);
            Tell(new OutboxNews(_username ?? "", item, OutboxFate.Discarded));
        }

        Changed?.Invoke();
        return true;
    }

    /// <summary>The connection is back, or the user asks: what waits is tried now.</summary>
    public void Wake()
    {
        _wake.Set();
        foreach (var roomId in _items.Values.Select(i => i.RoomId).Distinct().ToList())
        {
            Pump(roomId);
        }
    }

    /// <summary>The store did not know the rooms yet when the items were read: shows them where they belong.</summary>
    internal void ShowIn(RoomState room)
    {
        foreach (var item in _items.Values.Where(i => i.RoomId == room.Id))
        {
            room.Timeline.Pending(item);
        }
    }

    /// <summary>Another user, or none. What is kept in the browser stays unless the caller clears it.</summary>
    internal void Forget()
    {
        _items.Clear();
        _username = null;
        Changed?.Invoke();
    }

    private List<OutboxItem> Find(string id) => _items.TryGetValue(id, out var item)
        ? [item]
        : [.. _items.Values.Where(i => i.MessageId == id && i.Kind == OutboxKind.Send)];

    private void Keep(OutboxItem item, bool tell)
    {
        _items[item.Id] = item;
        store.Pending(item);
        if (tell)
        {
            Write(() => storage.PutAsync(
                Stores.Outbox, KeyOf(item), JsonSerializer.Serialize(item, OutboxJson.Default.OutboxItem), CancellationToken.None));
            Tell(new OutboxNews(_username ?? "", item, OutboxFate.Kept));
        }

        Changed?.Invoke();
    }

    private void Drop(OutboxItem item)
    {
        _items.Remove(item.Id);
        _mine.Remove(item.Id);
        ForgetFiles(item);
        Write(() => storage.DeleteAsync(Stores.Outbox, KeyOf(item), CancellationToken.None));
    }

    private void ForgetFiles(OutboxItem item)
    {
        foreach (var file in item.Files ?? [])
        {
            files.Forget(file);
        }
    }

    private string KeyOf(OutboxItem item) => Stores.Key(_username ?? "", item.Id);

    /// <summary>The browser carries writes out in the order of asking; what is on screen does not wait for them.</summary>
    private async void Write(Func<ValueTask> write)
    {
        try
        {
            await write();
        }
        catch (StorageException e)
        {
            LogNotKept(e);
        }
    }

    private async Task ReadKeptAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (_, text) in await storage.ListAsync(Stores.Outbox, Stores.Key(_username!, ""), cancellationToken))
            {
                if (JsonSerializer.Deserialize(text, OutboxJson.Default.OutboxItem) is { } item && !_items.ContainsKey(item.Id))
                {
                    Keep(item.State == OutboxState.Sending ? item with { State = OutboxState.Queued } : item, tell: false);
                }
            }
        }
        catch (Exception e) when (e is StorageException or JsonException)
        {
            LogNotRead(e);
        }
    }

    [LoggerMessage(7301, LogLevel.Warning, "The browser does not keep the outbox; what is unsent is lost on reload")]
    private partial void LogNotKept(Exception e);

    [LoggerMessage(7302, LogLevel.Warning, "The kept outbox could not be read")]
    private partial void LogNotRead(Exception e);
}
