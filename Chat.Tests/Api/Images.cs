using System.Buffers.Binary;
using System.IO.Compression;

namespace Chat.Tests.Api;

/// <summary>Small images, made here: whole ones where a browser must show them, else their headers.</summary>
internal static class Images
{
    /// <summary>A whole PNG of one grey.</summary>
    public static byte[] Png(int width, int height)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        using var pixels = new MemoryStream();
        using (var deflate = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = new byte[1 + width];
            row.AsSpan(1).Fill(0x80);
            for (var y = 0; y < height; y++)
            {
                deflate.Write(row);
            }
        }

        return [0x89, .. "PNG\r\n\x1a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, pixels.ToArray()), .. Chunk("IEND"u8, [])];
    }

    /// <summary>A JPEG's beginning: Exif with an orientation, then the frame header.</summary>
    public static byte[] JpegHead(ushort width, ushort height, byte orientation, bool little) =>
    [
        0xff, 0xd8,
        0xff, 0xe1, 0, 34, .. "Exif\0\0"u8,
        .. little
            ? (byte[])[(byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
            : [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
        0xff, 0xc0, 0, 11, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 1, 1, 0x11, 0,
    ];

    public static byte[] AvifHead(int width, int height, byte rotation)
    {
        byte[] ispe = [0, 0, 0, 0, .. Number(width), .. Number(height)];
        var properties = Box("ipco"u8, [.. Box("ispe"u8, [0, 0, 0, 0, .. Number(16), .. Number(16)]), .. Box("ispe"u8, ispe), .. Box("irot"u8, [rotation])]);
        return
        [
            .. Box("ftyp"u8, [.. "avif"u8, 0, 0, 0, 0, .. "mif1"u8, .. "avif"u8]),
            .. Box("meta"u8, [0, 0, 0, 0, .. Box("hdlr"u8, new byte[20]), .. Box("iprp"u8, properties)]),
        ];
    }

    private static byte[] Number(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Box(ReadOnlySpan<byte> type, byte[] content) => [.. Number(8 + content.Length), .. type, .. content];

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] named = [.. type, .. data];
        return [.. Number(data.Length), .. named, .. Number((int)Crc(named))];
    }

    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : 0xedb88320 ^ (crc >> 1);
            }
        }

        return ~crc;
    }
}
