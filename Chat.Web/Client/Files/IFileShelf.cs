using Chat.Contracts;
using Chat.Web.Client.Connection;

namespace Chat.Web.Client.Files;

/// <summary>Files in the browser, by id, until the server has them. Bytes never pass through .NET.</summary>
public interface IFileShelf
{
    /// <summary>Keeps what the user chose, over a reload too where the browser lets us.</summary>
    ValueTask KeepAsync(string handle, string fileId, CancellationToken cancellationToken);

    /// <summary>An address that shows it; null when it is not here.</summary>
    ValueTask<string?> AddressAsync(string fileId, CancellationToken cancellationToken);

    ValueTask ForgetAsync(string fileId, CancellationToken cancellationToken);

    /// <summary>Gives the bytes to the server; again is harmless.</summary>
    /// <exception cref="ApiException">Refused, unreachable, or <see cref="FileUploads.Lost"/>.</exception>
    Task<Attachment> UploadAsync(string roomId, OutboxFile file, Action<int> progress, CancellationToken cancellationToken);
}
