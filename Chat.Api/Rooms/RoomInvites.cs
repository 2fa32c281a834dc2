using System.Globalization;
using System.Security.Cryptography;
using Chat.Backends.Rooms;
using Chat.Contracts;
using Microsoft.AspNetCore.DataProtection;

namespace Chat.Api.Rooms;

/// <summary>
/// Invitations by link: the room's id and how often its invitations had been taken back, protected, with an end. None is kept: all of a room
/// are taken back at once, by counting on.
/// </summary>
internal sealed class RoomInvites(IDataProtectionProvider protection, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);
    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("Chat.Invites.v1").ToTimeLimitedDataProtector();

    public RoomInvite Create(Room room)
    {
        var expires = time.GetUtcNow() + Lifetime;
        var token = _protector.Protect(string.Create(CultureInfo.InvariantCulture, $"{room.Id}/{room.InviteRound}"), expires);
        return new RoomInvite(token, $"/invite/{token}", expires);
    }

    /// <summary>The room's id, which has no slash, and the round; null when the token is not ours or over.</summary>
    public (string RoomId, int Round)? Read(string token)
    {
        try
        {
            // Of before there were rounds: the first.
            return _protector.Unprotect(token).Split('/') is [var roomId, .. var rest] && int.TryParse(rest is [var round] ? round : "0", CultureInfo.InvariantCulture, out var number)
                ? (roomId, number)
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
