using System.Buffers.Binary;

namespace Chat.Api.Files;

/// <summary>
/// AVIF is boxes within boxes (ISO/IEC 14496-12, 23008-12): the brands tell the type, the largest <c>ispe</c> property the size, and
/// <c>irot</c> whether it is shown turned.
/// </summary>
internal static class AvifHeader
{
    /// <summary>Null: another kind of file of this family, such as a film.</summary>
    public static ImageHeader? Read(ReadOnlySpan<byte> head)
    {
        var length = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(head), (uint)head.Length);
        if (length < 16 || !IsAvif(head[8..length]))
        {
            return null;
        }

        var properties = Inside(Inside(Inside(head, "meta"u8, skip: 4), "iprp"u8), "ipco"u8);
        var (width, height, turned) = (0, 0, false);
        while (Next(ref properties, out var type, out var content))
        {
            if (type.SequenceEqual("ispe"u8) && content.Length >= 12)
            {
                var (w, h) = (BinaryPrimitives.ReadInt32BigEndian(content[4..]), BinaryPrimitives.ReadInt32BigEndian(content[8..]));
                if ((long)w * h > (long)width * height)
                {
                    (width, height) = (w, h);
                }
            }
            else if (type.SequenceEqual("irot"u8) && content.Length >= 1)
            {
                turned |= (content[0] & 1) == 1;
            }
        }

        return turned ? new("image/avif", height, width) : new("image/avif", width, height);
    }

    private static bool IsAvif(ReadOnlySpan<byte> brands)
    {
        for (var at = 0; at + 4 <= brands.Length; at += 4)
        {
            // The second word is the minor version.
            if (at != 4 && (brands.Slice(at, 4).SequenceEqual("avif"u8) || brands.Slice(at, 4).SequenceEqual("avis"u8)))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> Inside(ReadOnlySpan<byte> boxes, ReadOnlySpan<byte> wanted, int skip = 0)
    {
        while (Next(ref boxes, out var type, out var content))
        {
            if (type.SequenceEqual(wanted))
            {
                return content.Length >= skip ? content[skip..] : default;
            }
        }

        return default;
    }

    private static bool Next(scoped ref ReadOnlySpan<byte> boxes, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> content)
    {
        type = content = default;
        if (boxes.Length < 8)
        {
            return false;
        }

        // Lengths of 0 and 1 (to the end, 64 bits) are for what comes after the header.
        var length = BinaryPrimitives.ReadUInt32BigEndian(boxes);
        if (length < 8)
        {
            return false;
        }

        var here = (int)Math.Min(length, (uint)boxes.Length);
        type = boxes[4..8];
        content = boxes[8..here];
        boxes = boxes[here..];
        return true;
    }
}
