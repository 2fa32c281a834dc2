using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Chat.Contracts;

/// <summary>
/// A file that belongs to a message: what <c>POST /api/rooms/{id}/files</c> answers, and what stands in the message. Its bytes are at
/// <c>/api/rooms/{roomId}/files/{id}</c>, for members of the room. <see cref="ContentType"/> is what the bytes are, whatever was said of
/// them: one of <see cref="InlineImages"/>, or <c>application/octet-stream</c>.
/// </summary>
/// <param name="Id">Derived from uploader and client id (<see cref="FileId"/>); 32 characters.</param>
/// <param name="Name">As the uploader called it, without a path; for people.</param>
/// <param name="ContentType">What the bytes are.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Width">Pixels as shown, so that room is kept before the image is there; null for what is no image, or where it could not be told.</param>
/// <param name="Height">Likewise.</param>
public sealed record Attachment(string Id, string Name, string ContentType, long Size, int? Width = null, int? Height = null)
{
    /// <summary>Whether it may be shown as an image: a type that cannot run anything, and not so large that showing it harms.</summary>
    [JsonIgnore]
    public bool IsImage => InlineImages.Types.Contains(ContentType) && (long)(Width ?? 0) * (Height ?? 0) <= Limits.InlineImagePixels;
}

/// <summary>The types of images that are shown in place. No SVG: it is a document that runs scripts.</summary>
public static class InlineImages
{
    public static IReadOnlySet<string> Types { get; } =
        new HashSet<string>(StringComparer.Ordinal) { "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif" };
}

/// <summary>
/// A file's id is a function of its uploader and the uploader's client id, so that uploading again stores once: 32 lower-case
/// hexadecimal characters of SHA-256.
/// </summary>
public static class FileId
{
    public static string For(string uploader, string clientId)
    {
        ArgumentException.ThrowIfNullOrEmpty(uploader);
        ArgumentException.ThrowIfNullOrEmpty(clientId);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"file\0{uploader}\0{clientId}")))[..MessageId.Length];
    }

    /// <summary>Whether the text has an id's form. Says nothing about whether the file exists.</summary>
    public static bool IsWellFormed(string? id) => MessageId.IsWellFormed(id);
}
