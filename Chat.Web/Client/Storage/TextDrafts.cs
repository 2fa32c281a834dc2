using Chat.Web.Client.State;

namespace Chat.Web.Client.Storage;

/// <summary>
/// What is written and not sent, of each room. Kept in the browser from the first key on, so that it survives a reload and a crash; of two
/// tabs with the same room the one that wrote last is kept.
/// </summary>
public sealed partial class TextDrafts(ChatStore store, IKeyValueStore storage, ILogger<TextDrafts> logger)
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _writing = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);

    /// <summary>What this tab wrote, else what the browser kept; empty when there is none.</summary>
    public async ValueTask<string> ReadAsync(string roomId, CancellationToken cancellationToken)
    {
        if (!_texts.ContainsKey(roomId) && store.Me is { } me)
        {
            try
            {
                var kept = await storage.GetAsync(Stores.Settings, KeyOf(me.Username, roomId), cancellationToken);
                _texts.TryAdd(roomId, kept ?? "");
            }
            catch (StorageException e)
            {
                LogNotKept(e);
            }
        }

        return _texts.GetValueOrDefault(roomId, "");
    }

    /// <summary>An empty text is no draft.</summary>
    public void Set(string roomId, string text)
    {
        _texts[roomId] = text;
        _changed.Add(roomId);
        if (store.Me is { } me && _writing.Add(roomId))
        {
            _ = WriteAsync(me.Username, roomId);
        }
    }

    /// <summary>One write at a time; what is typed meanwhile goes with the next.</summary>
    private async Task WriteAsync(string username, string roomId)
    {
        try
        {
            while (_changed.Remove(roomId))
            {
                var text = _texts[roomId];
                await (text.Length > 0
                    ? storage.PutAsync(Stores.Settings, KeyOf(username, roomId), text, default)
                    : storage.DeleteAsync(Stores.Settings, KeyOf(username, roomId), default));
            }
        }
        catch (StorageException e)
        {
            LogNotKept(e);
        }
        finally
        {
            _writing.Remove(roomId);
        }
    }

    private static string KeyOf(string username, string roomId) => Stores.Key(username, $"draft/{roomId}");

    [LoggerMessage(7203, LogLevel.Warning, "The browser does not keep what is written")]
    private partial void LogNotKept(Exception e);
}
