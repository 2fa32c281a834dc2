using System.Text.Json;
using System.Text.Json.Serialization;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.State;
using Chat.Web.Client.Storage;

namespace Chat.Web.Client.Files;

/// <summary>A file in the composer.</summary>
/// <param name="File">What is uploaded, and sent with the next message.</param>
/// <param name="Code">Why the server will never take it; null while it may.</param>
public sealed record FileDraft(OutboxFile File, string? Code = null);

/// <summary>What the browser tells of a chosen file.</summary>
internal sealed record ChosenFile(string Handle, string Name, string Type, long Size, int? Width = null, int? Height = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ChosenFile[]))]
internal sealed partial class ChosenJson : JsonSerializerContext;

/// <summary>The files that are chosen for the next message of each room. Each is uploaded at once.</summary>
public sealed partial class FileDrafts(
    ChatStore store, FileUploads uploads, IFileShelf shelf, IKeyValueStore storage, TimeProvider time, ILogger<FileDrafts> logger)
{
    private readonly Dictionary<string, List<FileDraft>> _rooms = new(StringComparer.Ordinal);

    /// <summary>Of some room.</summary>
    public event Action? Changed;

    public IReadOnlyList<FileDraft> Of(string roomId) => _rooms.GetValueOrDefault(roomId) ?? [];

    /// <summary>Takes as many as a message may have; null, or the code of why not all.</summary>
    public async Task<string?> AddAsync(string roomId, string chosen)
    {
        var drafts = DraftsOf(roomId);
        string? problem = null;
        foreach (var file in JsonSerializer.Deserialize(chosen, ChosenJson.Default.ChosenFileArray) ?? [])
        {
            var code = file.Size == 0 ? ErrorCodes.FileEmpty : file.Size > Limits.FileBytes ? ErrorCodes.FileTooLarge
                : drafts.Count == Limits.AttachmentsMax ? ErrorCodes.TooManyFiles : null;
            problem ??= code;
            if (code is null)
            {
                await AddAsync(roomId, file, drafts);
            }
        }

        return problem;
    }

    public void Remove(string roomId, string fileId)
    {
        if (_rooms.GetValueOrDefault(roomId) is { } drafts && drafts.Find(d => d.File.Id == fileId) is { } draft)
        {
            drafts.Remove(draft);
            uploads.Forget(draft.File);
            Keep(roomId);
        }
    }

    /// <summary>Those that can be sent; they are the outbox' from now on. The others go.</summary>
    public IReadOnlyList<OutboxFile> Take(string roomId)
    {
        if (!_rooms.Remove(roomId, out var drafts))
        {
            return [];
        }

        drafts.Where(d => d.Code is not null).ToList().ForEach(d => uploads.Forget(d.File));
        Keep(roomId);
        return [.. drafts.Where(d => d.Code is null).Select(d => d.File)];
    }

    private async Task AddAsync(string roomId, ChosenFile chosen, List<FileDraft> drafts)
    {
        var clientId = Guid.CreateVersion7(time.GetUtcNow()).ToString();
        var type = chosen.Width is not null ? chosen.Type : "application/octet-stream";
        var name = chosen.Name.Length <= Limits.FileNameMax ? chosen.Name : chosen.Name[^Limits.FileNameMax..];
        var file = new OutboxFile(
            clientId,
            new Attachment(FileId.For(store.Me?.Username ?? "?", clientId), name, type, chosen.Size, chosen.Width, chosen.Height),
            chosen.Width is null && InlineImages.Types.Contains(chosen.Type) ? "application/octet-stream" : chosen.Type);
        try
        {
            await shelf.KeepAsync(chosen.Handle, file.Id, CancellationToken.None);
        }
        catch (StorageException e)
        {
            // Still in the page's memory: it is sent, unless the page is closed before.
            LogNotKept(e);
        }

        drafts.Add(new FileDraft(file));
        Keep(roomId);
        Upload(roomId, file, drafts);
    }

    private async void Upload(string roomId, OutboxFile file, List<FileDraft> drafts)
    {
        try
        {
            await uploads.EnsureAsync(roomId, file, CancellationToken.None);
        }
        catch (ApiException e) when (Outbox.OutboxSender.Judge(e).Kind == Outbox.SendVerdictKind.Refused)
        {
            var at = drafts.FindIndex(d => d.File == file);
            if (at >= 0)
            {
                drafts[at] = new FileDraft(file, e.Code);
                Keep(roomId);
            }
        }
        catch (ApiException)
        {
            // Not now: the outbox uploads it before it sends the message.
        }
    }

    [LoggerMessage(7310, LogLevel.Warning, "The browser does not keep a chosen file; it is lost on reload")]
    private partial void LogNotKept(Exception e);
}
