using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Backends.Files;
using Chat.Contracts;
using Microsoft.Extensions.Options;

namespace Chat.Api.Files;

/// <summary>What is uploaded: the bytes, what the client calls them and what it says they are.</summary>
public sealed record FileUpload(string RoomId, string Uploader, string? ClientId, string? Name, string? SaidType, Stream Content);

/// <summary>From a request's body to a stored file.</summary>
internal sealed class FileUploads(RoomAccess access, IFiles files, IOptions<RateLimitOptions> limits) : IDisposable
{
    private readonly UserRateLimiter _limiter = new(limits.Value.Uploads);

    public async Task<Outcome<Attachment>> StoreAsync(FileUpload upload, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(upload.RoomId) || await access.FindAsync(upload.RoomId, upload.Uploader, cancellationToken) is not { } own)
        {
            return Refuse.RoomNotFound;
        }

        if (own.Room.ArchivedAt is not null)
        {
            return Refuse.RoomArchived;
        }

        if (!Messages.MessageText.IsClientId(upload.ClientId))
        {
            return Refuse.InvalidClientId;
        }

        if (upload.Name is not { } said || NameOf(said) is not { } name)
        {
            return Refuse.InvalidFileName;
        }

        var id = FileId.For(upload.Uploader, upload.ClientId!);
        if (await files.FindAsync(id, cancellationToken) is { } known)
        {
            return Answer(known, upload);
        }

        if (!_limiter.MayGo(upload.Uploader))
        {
            return Refuse.UploadsLimited;
        }

        var head = new byte[ImageHeader.Length];
        var read = await upload.Content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        if (read == 0)
        {
            return Refuse.FileEmpty;
        }

        var image = ImageHeader.Read(head.AsSpan(0, read));
        if (image.ContentType == ImageHeader.Other && upload.SaidType is { } type && InlineImages.Types.Contains(type))
        {
            return Refuse.FileTypeRefused;
        }

        try
        {
            await using var content = new LimitedStream(head.AsMemory(0, read), upload.Content, Limits.FileBytes);
            var stored = await files.SaveAsync(
                new NewFile(id, upload.RoomId, upload.Uploader, name, image.ContentType, image.Width, image.Height), content, cancellationToken);
            return Answer(stored, upload);
        }
        catch (FileTooLargeException)
        {
            return Refuse.FileTooLarge;
        }
    }

    public void Dispose() => _limiter.Dispose();

    private static Outcome<Attachment> Answer(StoredFile file, FileUpload upload) =>
        file.RoomId == upload.RoomId ? file.ToAttachment() : Refuse.ClientIdReused;

    /// <summary>Without a path, in one line; null when nothing is left.</summary>
    private static string? NameOf(string said)
    {
        var name = said[(said.LastIndexOfAny(['/', '\\']) + 1)..].Trim();
        return name.Length is >= 1 and <= Limits.FileNameMax && !name.Any(char.IsControl) ? name : null;
    }
}
