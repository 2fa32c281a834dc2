using System.Text.Json;
using System.Text.Json.Serialization;
using Chat.Contracts;
using Chat.Web.Client.Storage;

namespace Chat.Web.Client.State;

/// <summary>Of what a room notifies.</summary>
public enum NotifyOf
{
    /// <summary>Mentions; of a direct room every message.</summary>
    Mentions,

    /// <summary>Every message of somebody else.</summary>
    Everything,

    /// <summary>Nothing: the room is muted, on every device.</summary>
    Nothing,
}

/// <summary>What somebody chose for this browser.</summary>
public sealed record DevicePreferences
{
    /// <summary>Enter sends and Shift+Enter breaks the line; else Enter breaks it and Ctrl+Enter sends.</summary>
    public bool EnterSends { get; init; } = true;

    /// <summary>A notification is heard.</summary>
    public bool Sound { get; init; } = true;

    /// <summary>Rooms that notify of every message.</summary>
    public IReadOnlyList<string> Loud { get; init; } = [];
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(DevicePreferences))]
internal sealed partial class PreferencesJson : JsonSerializerContext;

/// <summary>
/// What somebody chose for this browser: how to send, what is heard, and which rooms notify of everything. Notifications are allowed by each
/// browser for itself, so what they are of is too; only that a room is muted the server knows. Forgotten on signing out.
/// </summary>
public sealed partial class DeviceSettings(ChatStore store, IKeyValueStore storage, ILogger<DeviceSettings> logger)
{
    private string? _loaded;

    public DevicePreferences Preferences { get; private set; } = new();

    public event Action? Changed;

    /// <summary>Reads what the signed-in user chose; again for the same user is nothing.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (store.Me is not { } me || _loaded == me.Username)
        {
            return;
        }

        _loaded = me.Username;
        try
        {
            var kept = await storage.GetAsync(Stores.Settings, KeyOf(me.Username), cancellationToken);
            Preferences = kept is null ? new() : JsonSerializer.Deserialize(kept, PreferencesJson.Default.DevicePreferences) ?? new();
        }
        catch (Exception e) when (e is StorageException or JsonException)
        {
            LogNotKept(e);
        }

        Changed?.Invoke();
    }

    /// <summary>Holds at once, and over a reload where the browser lets us.</summary>
    public async Task SetAsync(DevicePreferences preferences, CancellationToken cancellationToken)
    {
        Preferences = preferences;
        Changed?.Invoke();
        if (store.Me is { } me)
        {
            try
            {
                await storage.PutAsync(
                    Stores.Settings, KeyOf(me.Username), JsonSerializer.Serialize(preferences, PreferencesJson.Default.DevicePreferences), cancellationToken);
            }
            catch (StorageException e)
            {
                LogNotKept(e);
            }
        }
    }

    public NotifyOf Of(RoomState room)
    {
        ArgumentNullException.ThrowIfNull(room);
        return room.Summary.Muted ? NotifyOf.Nothing
            : room.Summary.Kind == RoomKind.Direct || Preferences.Loud.Contains(room.Id) ? NotifyOf.Everything
            : NotifyOf.Mentions;
    }

    /// <summary>Whether somebody else's message that came in live notifies.</summary>
    public bool Notifies(RoomState room, Message message) => Of(room) switch
    {
        NotifyOf.Everything => true,
        NotifyOf.Mentions => store.MentionsMe(message),
        _ => false,
    };

    /// <summary>Whether the room notifies of every message; what it is muted to is the server's.</summary>
    public Task SetLoudAsync(string roomId, bool loud, CancellationToken cancellationToken) => SetAsync(
        Preferences with { Loud = [.. Preferences.Loud.Where(r => r != roomId), .. loud ? [roomId] : Array.Empty<string>()] }, cancellationToken);

    private static string KeyOf(string username) => Stores.Key(username, "preferences");

    [LoggerMessage(7204, LogLevel.Warning, "What was chosen for this browser is not kept")]
    private partial void LogNotKept(Exception e);
}
