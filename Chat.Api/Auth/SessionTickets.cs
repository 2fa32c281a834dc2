using System.Security.Claims;
using Chat.Backends.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Chat.Api.Auth;

/// <summary>
/// The cookie carries nothing but the protected id of a session; who that is stands in <see cref="Sessions"/>, so ending a session
/// needs no cookie.
/// </summary>
internal sealed class SessionTickets(Sessions sessions) : ITicketStore
{
    public static ClaimsPrincipal Principal(Session session) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.Name, session.Username),
            new Claim(ClaimTypes.NameIdentifier, session.Username),
            new Claim(ClaimsPrincipalExtensions.DisplayNameClaim, session.DisplayName),
            new Claim(ClaimsPrincipalExtensions.SessionIdClaim, session.Id),
            new Claim(ClaimsPrincipalExtensions.StampClaim, session.SecurityStamp),
        ],
        CookieAuthenticationDefaults.AuthenticationScheme));

    /// <summary>The session was begun before signing in; the ticket names it.</summary>
    public Task<string> StoreAsync(AuthenticationTicket ticket) => Task.FromResult(ticket.Principal.SessionId());

    public async Task<AuthenticationTicket?> RetrieveAsync(string key)
    {
        if (await sessions.FindAsync(key, CancellationToken.None) is not { } session)
        {
            return null;
        }

        var properties = new AuthenticationProperties
        {
            IsPersistent = true,
            IssuedUtc = session.ExpiresAt - Sessions.Lifetime,
            ExpiresUtc = session.ExpiresAt,
        };
        return new AuthenticationTicket(Principal(session), properties, CookieAuthenticationDefaults.AuthenticationScheme);
    }

    /// <summary>The session's own expiry slides whenever it is used; only the cookie is written anew here.</summary>
    public Task RenewAsync(string key, AuthenticationTicket ticket) => Task.CompletedTask;

    public async Task RemoveAsync(string key)
    {
        if (await sessions.FindAsync(key, CancellationToken.None) is { } session)
        {
            await sessions.EndAsync(key, session.Username, CancellationToken.None);
        }
    }
}
