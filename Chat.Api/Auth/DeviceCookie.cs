using System.Security.Cryptography;
using Chat.Contracts;
using Microsoft.AspNetCore.DataProtection;

namespace Chat.Api.Auth;

/// <summary>
/// Remembers on a device that somebody signed in there as a user: it proves nothing but that, and lets <see cref="SignInThrottle"/>
/// count that device by itself, so that nobody else's failures lock it.
/// </summary>
internal sealed class DeviceCookie(IDataProtectionProvider protection)
{
    private const string Name = "chat-device";
    private readonly IDataProtector _protector = protection.CreateProtector("Chat.Device.v1");

    public SignInClient Client(HttpContext context, string username)
    {
        if (context.Request.Cookies.TryGetValue(Name, out var cookie))
        {
            try
            {
                var parts = _protector.Unprotect(cookie).Split('\n');
                if (parts is [var name, var device] && name == username)
                {
                    return new SignInClient("device:" + device, Trusted: true);
                }
            }
            catch (CryptographicException)
            {
                // Made up, or of keys long gone: as good as none.
            }
        }

        return new SignInClient("address:" + (context.Connection.RemoteIpAddress?.ToString() ?? ""), Trusted: false);
    }

    public void Remember(HttpContext context, string username)
    {
        if (Client(context, username).Trusted)
        {
            return;
        }

        var device = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        context.Response.Cookies.Append(Name, _protector.Protect($"{username}\n{device}"), new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
            MaxAge = TimeSpan.FromDays(365),
            IsEssential = true,
            // The sign-in page is the web host's, and passes it on.
            Path = "/",
        });
    }

    /// <summary>What the browser calls itself, shortened; shown in the list of devices.</summary>
    public static string? Describe(HttpContext context) =>
        context.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent[..Math.Min(agent.Length, Limits.UsernameMax * 4)] : null;
}
