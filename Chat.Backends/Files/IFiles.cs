using Chat.Contracts;

namespace Chat.Backends.Files;

/// <summary>
/// The files of messages, in the archive's store. A file is there once all its bytes are, and then never changes. It belongs to
/// nothing at first; sending a message attaches it. What a deleted message, a removed room (<see cref="Archive.IMessageArchive"/> sees
/// to both) or a deleted account leaves behind cannot be read from that moment on; its bytes go when somebody sweeps. All calls throw
/// <see cref="BackendUnavailableException"/> when the store is away.
/// </summary>
public interface IFiles
{
    /// <summary>
    /// Reads the content to its end and stores it, durable when it answers. An id that is there already is as good as stored: its file
    /// is the answer, and the content is not read. Of several at once with the same id one wins, and all get its file. What a failure
    /// leaves behind is swept. Exceptions of the content come through.
    /// </summary>
    Task<StoredFile> SaveAsync(NewFile file, Stream content, CancellationToken cancellationToken);

    /// <summary>Null when there is none, or not all of it yet, or it was removed.</summary>
    Task<StoredFile?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>The bytes, read some at a time; the stream can seek. Reading it throws as calls do.</summary>
    Task<Stream> OpenAsync(StoredFile file, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the files the message's, in the given order. Null when one of them is not there, is of another room or uploader, or is
    /// another message's; those before it may be the message's then. Again, for the same message, it answers the same.
    /// </summary>
    Task<IReadOnlyList<StoredFile>?> AttachAsync(FileOwner owner, IReadOnlyList<string> ids, CancellationToken cancellationToken);

    /// <summary>Nobody reads them any more.</summary>
    Task RemoveByUploaderAsync(string uploader, CancellationToken cancellationToken);

    /// <summary>What a sweep must look at, at most so many: what nobody settled within <see cref="FileLife.Unsettled"/>, and what was removed.</summary>
    Task<IReadOnlyList<StoredFile>> DueAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Its message is there: it stays for good. Leftovers of uploads that lost go.</summary>
    Task SettleAsync(StoredFile file, CancellationToken cancellationToken);

    /// <summary>Look again after <see cref="FileLife.Unsettled"/>.</summary>
    Task PostponeAsync(StoredFile file, CancellationToken cancellationToken);

    /// <summary>Unless it was attached or stored meanwhile: nobody reads it any more, then its bytes go, then all that is known of it.</summary>
    Task EraseAsync(StoredFile file, CancellationToken cancellationToken);
}

/// <summary>How long what is not certain yet is kept.</summary>
public static class FileLife
{
    /// <summary>A file that no message was sent with within this time goes; the client that still wants to send it uploads it again.</summary>
    public static readonly TimeSpan Unsettled = TimeSpan.FromDays(1);

    /// <summary>A message that a file was attached to may wait this long in the queue, or as a dead letter, before the file goes.</summary>
    public static readonly TimeSpan MessageMissing = TimeSpan.FromDays(30);

    /// <summary>Bytes that are written and read at once.</summary>
    internal const int ChunkBytes = 255 * 1024;
}

/// <summary>What is known of a file before its bytes are stored.</summary>
public sealed record NewFile(string Id, string RoomId, string Uploader, string Name, string ContentType, int? Width, int? Height);

/// <summary>Who sends what.</summary>
public sealed record FileOwner(string RoomId, string Uploader, string MessageId);

/// <summary>A file as it is stored. <c>Content</c> is the store's name for its bytes: null while they are not all there.</summary>
public sealed record StoredFile(
    string Id,
    string RoomId,
    string Uploader,
    string Name,
    string ContentType,
    long Size,
    int? Width,
    int? Height,
    DateTimeOffset CreatedAt,
    string? MessageId,
    bool Removed,
    string? Content)
{
    public Attachment ToAttachment() => new(Id, Name, ContentType, Size, Width, Height);
}
