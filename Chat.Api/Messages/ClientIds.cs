using System.Buffers.Binary;

namespace Chat.Api.Messages;

/// <summary>What a client id tells about the time at which it was made.</summary>
public static class ClientIds
{
    /// <summary>Far shorter than Redis knows the ids of a room's messages (<see cref="Chat.Backends.Recent.RecentOptions.RememberIds"/>).</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(10);

    /// <summary>How far a client's clock may be ahead.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether the sender made this id within the last ten minutes, by its own clock: a message of it can then only have been sent
    /// within that time.
    /// </summary>
    public static bool IsRecent(string clientId, DateTimeOffset now) =>
        MadeAt(clientId) is { } made && made > now - Recent && made < now + Ahead;

    /// <summary>The time in a UUID version 7 (RFC 9562, section 5.7); null for any other id.</summary>
    public static DateTimeOffset? MadeAt(string clientId)
    {
        if (!Guid.TryParse(clientId, out var id) || id.Version != 7)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16);
    }
}
