using Chat.Contracts;
using Chat.Web.Client.Connection;

namespace Chat.Web.Client.Files;

/// <summary>
/// Each file is uploaded once at a time, whoever asks: the composer as soon as it is chosen, the outbox before its message is sent.
/// One that is there is remembered; one that failed is tried again by whoever asks next.
/// </summary>
public sealed class FileUploads(IFileShelf shelf)
{
    /// <summary>The code of a file whose bytes are not in this browser any more.</summary>
    public const string Lost = "file_lost";

    private readonly Dictionary<string, Task<Attachment>> _all = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _percent = new(StringComparer.Ordinal);

    /// <summary>Some file got further.</summary>
    public event Action? Changed;

    /// <summary>Whole percents that went out.</summary>
    public int Percent(string fileId) => IsThere(fileId) ? 100 : _percent.GetValueOrDefault(fileId);

    public bool IsThere(string fileId) => _all.TryGetValue(fileId, out var upload) && upload.IsCompletedSuccessfully;

    /// <summary>Answers when the server has it.</summary>
    /// <exception cref="ApiException">Not now, or never: the code says.</exception>
    public async Task<Attachment> EnsureAsync(string roomId, OutboxFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!_all.TryGetValue(file.Id, out var upload))
        {
            // Of its own: whoever asked first may go, the others still want it.
            upload = UploadAsync(roomId, file);
            _all[file.Id] = upload;
        }

        try
        {
            return await upload.WaitAsync(cancellationToken);
        }
        catch (ApiException)
        {
            if (_all.GetValueOrDefault(file.Id) == upload)
            {
                _all.Remove(file.Id);
            }

            throw;
        }
        finally
        {
            Changed?.Invoke();
        }
    }

    /// <summary>The server does not have it any more: the next who asks uploads it again.</summary>
    public void UploadAgain(string fileId)
    {
        if (IsThere(fileId))
        {
            _all.Remove(fileId);
        }
    }

    /// <summary>Sent, or given up: the browser keeps nothing of it.</summary>
    public async void Forget(OutboxFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        _all.Remove(file.Id);
        _percent.Remove(file.Id);
        try
        {
            await shelf.ForgetAsync(file.Id, CancellationToken.None);
        }
        catch (Storage.StorageException)
        {
            // Then there is nothing kept either.
        }
    }

    private async Task<Attachment> UploadAsync(string roomId, OutboxFile file)
    {
        await Task.Yield();
        return await shelf.UploadAsync(
            roomId,
            file,
            percent =>
            {
                _percent[file.Id] = percent;
                Changed?.Invoke();
            },
            CancellationToken.None);
    }
}
