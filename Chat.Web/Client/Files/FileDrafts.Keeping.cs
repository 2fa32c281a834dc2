using System.Text.Json;
using System.Text.Json.Serialization;
using Chat.Web.Client.Storage;

namespace Chat.Web.Client.Files;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(List<OutboxFile>))]
internal sealed partial class DraftJson : JsonSerializerContext;

/// <summary>Which files were chosen is kept beside their bytes, so that a reload loses neither. A tab restores a room's once, when it first shows it.</summary>
public sealed partial class FileDrafts
{
    private readonly HashSet<string> _restored = new(StringComparer.Ordinal);

    /// <summary>Takes up what was chosen for the room before the page was loaded; what is not at the server goes on being uploaded.</summary>
    public async Task RestoreAsync(string roomId, CancellationToken cancellationToken)
    {
        if (store.Me is not { } me || !_restored.Add(roomId))
        {
            return;
        }

        try
        {
            if (await storage.GetAsync(Stores.Settings, KeyOf(me.Username, roomId), cancellationToken) is not { } kept ||
                JsonSerializer.Deserialize(kept, DraftJson.Default.ListOutboxFile) is not { Count: > 0 } files)
            {
                return;
            }

            var drafts = DraftsOf(roomId);
            // What was chosen while this was read comes after it.
            drafts.InsertRange(0, files.Where(f => drafts.TrueForAll(d => d.File.Id != f.Id)).Select(f => new FileDraft(f)));
            Changed?.Invoke();
            files.ForEach(file => Upload(roomId, file, drafts));
        }
        catch (Exception e) when (e is StorageException or JsonException)
        {
            LogNotKept(e);
        }
    }

    private List<FileDraft> DraftsOf(string roomId)
    {
        if (!_rooms.TryGetValue(roomId, out var drafts))
        {
            _rooms[roomId] = drafts = [];
        }

        return drafts;
    }

    /// <summary>What stands in the composer now. Refused files are not kept: the next visit needs no reminder.</summary>
    private async void Keep(string roomId)
    {
        Changed?.Invoke();
        if (store.Me is not { } me)
        {
            return;
        }

        try
        {
            var files = Of(roomId).Where(d => d.Code is null).Select(d => d.File).ToList();
            await (files.Count > 0
                ? storage.PutAsync(Stores.Settings, KeyOf(me.Username, roomId), JsonSerializer.Serialize(files, DraftJson.Default.ListOutboxFile), default)
                : storage.DeleteAsync(Stores.Settings, KeyOf(me.Username, roomId), default));
        }
        catch (StorageException e)
        {
            LogNotKept(e);
        }
    }

    private static string KeyOf(string username, string roomId) => Stores.Key(username, $"draft-files/{roomId}");
}
