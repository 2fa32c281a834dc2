using System.Buffers.Binary;

namespace Chat.Api.Files;

/// <summary>A JPEG's size is in its frame header, behind whatever segments a camera put before it; Exif may say that it is shown turned.</summary>
internal static class JpegHeader
{
    private const ushort OrientationTag = 0x0112;

    public static ImageHeader Read(ReadOnlySpan<byte> head)
    {
        var turned = false;
        for (var at = 2; at + 9 < head.Length && head[at] == 0xff;)
        {
            var marker = head[at + 1];
            if (marker == 0xff)
            {
                at++;
                continue;
            }

            // SOF0 to SOF15 without DHT, JPG and DAC.
            if (marker is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc))
            {
                int height = BinaryPrimitives.ReadUInt16BigEndian(head[(at + 5)..]);
                int width = BinaryPrimitives.ReadUInt16BigEndian(head[(at + 7)..]);
                return turned ? new("image/jpeg", height, width) : new("image/jpeg", width, height);
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(head[(at + 2)..]);
            if (length < 2)
            {
                break;
            }

            if (marker == 0xe1 && at + 2 + length <= head.Length)
            {
                turned |= IsTurned(head.Slice(at + 4, length - 2));
            }

            at += 2 + length;
        }

        return new("image/jpeg", null, null);
    }

    /// <summary>Orientations 5 to 8 swap width and height (Exif 2.32, 4.6.4).</summary>
    private static bool IsTurned(ReadOnlySpan<byte> exif)
    {
        if (exif.Length < 14 || !exif.StartsWith("Exif\0\0"u8))
        {
            return false;
        }

        var tiff = exif[6..];
        var little = tiff[0] == 'I';
        var directory = UInt32(tiff[4..], little);
        if (directory > tiff.Length - 2)
        {
            return false;
        }

        int count = UInt16(tiff[(int)directory..], little);
        for (var i = 0; i < count; i++)
        {
            var entry = (int)directory + 2 + (12 * i);
            if (entry + 12 > tiff.Length)
            {
                return false;
            }

            if (UInt16(tiff[entry..], little) == OrientationTag)
            {
                return UInt16(tiff[(entry + 8)..], little) is >= 5 and <= 8;
            }
        }

        return false;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
