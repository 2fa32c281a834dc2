using System.Buffers.Binary;

namespace Chat.Api.Files;

/// <summary>
/// What the first bytes of a file say that it is: the type by its signature, whatever anybody calls it, and the size as it is shown.
/// Only images that are shown in place are told; everything else is <c>application/octet-stream</c>.
/// </summary>
/// <param name="ContentType">One of <see cref="Contracts.InlineImages"/>, or <see cref="Other"/>.</param>
/// <param name="Width">Pixels; null where the beginning does not tell.</param>
/// <param name="Height">Likewise.</param>
public readonly record struct ImageHeader(string ContentType, int? Width, int? Height)
{
    public const string Other = "application/octet-stream";

    /// <summary>Bytes of the beginning that are enough for nearly every image: a photo's own preview comes before its size.</summary>
    public const int Length = 256 * 1024;

    private static readonly ImageHeader NoImage = new(Other, null, null);

    public static ImageHeader Read(ReadOnlySpan<byte> head)
    {
        var image = head switch
        {
            _ when head.StartsWith(PngSignature) => Png(head),
            [0xff, 0xd8, 0xff, ..] => JpegHeader.Read(head),
            _ when head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8) => Gif(head),
            _ when head.Length >= 16 && head.StartsWith("RIFF"u8) && head[8..12].SequenceEqual("WEBP"u8) => WebP(head),
            _ when head.Length >= 16 && head[4..8].SequenceEqual("ftyp"u8) => AvifHeader.Read(head) ?? NoImage,
            _ => NoImage,
        };
        return image is { Width: > 0, Height: > 0 } ? image : image with { Width = null, Height = null };
    }

    private static ReadOnlySpan<byte> PngSignature => [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

    private static ImageHeader Png(ReadOnlySpan<byte> head) => head.Length < 24 || !head[12..16].SequenceEqual("IHDR"u8)
        ? new("image/png", null, null)
        : new("image/png", BinaryPrimitives.ReadInt32BigEndian(head[16..]), BinaryPrimitives.ReadInt32BigEndian(head[20..]));

    private static ImageHeader Gif(ReadOnlySpan<byte> head) => head.Length < 10
        ? new("image/gif", null, null)
        : new("image/gif", BinaryPrimitives.ReadUInt16LittleEndian(head[6..]), BinaryPrimitives.ReadUInt16LittleEndian(head[8..]));

    /// <summary>Three kinds: RFC 9649, section 2.</summary>
    private static ImageHeader WebP(ReadOnlySpan<byte> head)
    {
        var kind = head[12..16];
        if (head.Length >= 30 && kind.SequenceEqual("VP8X"u8))
        {
            return new("image/webp", 1 + UInt24(head[24..]), 1 + UInt24(head[27..]));
        }

        if (head.Length >= 25 && kind.SequenceEqual("VP8L"u8))
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(head[21..]);
            return new("image/webp", (int)(bits & 0x3fff) + 1, (int)((bits >> 14) & 0x3fff) + 1);
        }

        return head.Length >= 30 && kind.SequenceEqual("VP8 "u8)
            ? new("image/webp", BinaryPrimitives.ReadUInt16LittleEndian(head[26..]) & 0x3fff, BinaryPrimitives.ReadUInt16LittleEndian(head[28..]) & 0x3fff)
            : new("image/webp", null, null);
    }

    private static int UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
