using Chat.Api.Files;

namespace Chat.Tests.Api;

public sealed class ImageHeaderTests
{
    public static TheoryData<string, byte[], string, int?, int?> Heads => new()
    {
        { "png", Images.Png(40, 30), "image/png", 40, 30 },
        { "gif", [.. "GIF89a"u8, 40, 0, 30, 0], "image/gif", 40, 30 },
        { "webp, lossy", [.. "RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a"u8[..20], 0, 0, 0, 0x9d, 1, 0x2a, 40, 0, 30, 0], "image/webp", 40, 30 },
        { "webp, extended", [.. "RIFF\0\0\0\0WEBPVP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, 39, 0, 0, 29, 0, 0], "image/webp", 40, 30 },
        { "webp, lossless", [.. "RIFF\0\0\0\0WEBPVP8L"u8, 0, 0, 0, 0, 0x2f, 39, 0x40, 7, 0, 0], "image/webp", 40, 30 },
        { "jpeg as it stands", Images.JpegHead(40, 30, 1, little: true), "image/jpeg", 40, 30 },
        { "jpeg turned", Images.JpegHead(40, 30, 6, little: true), "image/jpeg", 30, 40 },
        { "jpeg turned, big-endian", Images.JpegHead(40, 30, 8, little: false), "image/jpeg", 30, 40 },
        { "jpeg cut short", [0xff, 0xd8, 0xff, 0xe0, 0, 16], "image/jpeg", null, null },
        { "jpeg that lies about its Exif", [0xff, 0xd8, 0xff, 0xe1, 0, 16, .. "Exif\0\0II*\0"u8, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0], "image/jpeg", null, null },
        { "avif", Images.AvifHead(40, 30, 0), "image/avif", 40, 30 },
        { "avif turned", Images.AvifHead(40, 30, 1), "image/avif", 30, 40 },
        { "a film of the same family", [0, 0, 0, 16, .. "ftypisom"u8, 0, 0, 0, 0], "application/octet-stream", null, null },
        { "svg", [.. "<svg xmlns='http://www.w3.org/2000/svg'/>"u8], "application/octet-stream", null, null },
        { "html that begins like an image", [.. "GIF<html><script>"u8], "application/octet-stream", null, null },
        { "nothing", [], "application/octet-stream", null, null },
    };

    [Theory]
    [MemberData(nameof(Heads))]
    public void The_first_bytes_say_what_a_file_is_and_how_large_it_is_shown(string name, byte[] head, string type, int? width, int? height) =>
        Assert.Equal((name, new ImageHeader(type, width, height)), (name, ImageHeader.Read(head)));

    [Theory]
    [MemberData(nameof(Heads))]
    public void A_beginning_cut_anywhere_or_with_other_bytes_in_it_is_read_without_harm(string name, byte[] head, string type, int? width, int? height)
    {
        _ = (type, width, height);
        var random = new Random(name.Length);
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = head[..random.Next(head.Length + 1)];
            for (var i = 0; i < 3 && bytes.Length > 12; i++)
            {
                bytes[random.Next(4, bytes.Length)] = (byte)random.Next(256);
            }

            _ = ImageHeader.Read(bytes);
        }
    }
}
