namespace Chat.Web.Client.Storage;

/// <summary>
/// What the browser keeps between visits: texts by key. A key begins with the name of the user it belongs to. Survives
/// reload and crash once a call has answered; the browser or the user may empty it at any time. Shared by all tabs.
/// </summary>
/// <remarks>Throws <see cref="StorageException"/> where the browser does not let us keep anything (private windows, full disk).</remarks>
public interface IKeyValueStore
{
    ValueTask PutAsync(string store, string key, string value, CancellationToken cancellationToken);

    ValueTask<string?> GetAsync(string store, string key, CancellationToken cancellationToken);

    /// <summary>Keys with the prefix, in ordinal order, with their values.</summary>
    ValueTask<IReadOnlyList<KeyValuePair<string, string>>> ListAsync(string store, string prefix, CancellationToken cancellationToken);

    ValueTask DeleteAsync(string store, string key, CancellationToken cancellationToken);

    /// <summary>Deletes every key with the prefix, in every store.</summary>
    ValueTask ClearAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>The names of the stores; a new one needs a new version in <c>storage.js</c>.</summary>
public static class Stores
{
    public const string Outbox = "outbox";
    public const string Rooms = "rooms";
    public const string Messages = "messages";
    public const string Settings = "settings";

    /// <summary>The key of a user's entry; usernames have no slash.</summary>
    public static string Key(string username, string name) => $"{username}/{name}";
}

/// <summary>The browser keeps nothing just now.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
