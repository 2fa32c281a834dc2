using System.Security.Cryptography;
using Chat.Contracts;
using Microsoft.AspNetCore.DataProtection;

namespace Chat.Api.Rooms;

/// <summary>
/// Invitations by link: the room's id, protected, with an end. No store is asked for one, so one cannot be taken back before its end;
/// hence it is short.
/// </summary>
internal sealed class RoomInvites(IDataProtectionProvider protection, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);
    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("Chat.Invites.v1").ToTimeLimitedDataProtector();

    public RoomInvite Create(string roomId)
    {
        var expires = time.GetUtcNow() + Lifetime;
        var token = _protector.Protect(roomId, expires);
        return new RoomInvite(token, $"/invite/{token}", expires);
    }

    /// <summary>The room's id; null when the token is not ours or over.</summary>
    public string? Read(string token)
    {
        try
        {
            return _protector.Unprotect(token);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
