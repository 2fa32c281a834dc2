using System.Security.Claims;

namespace Chat.Api.Auth;

/// <summary>What a session's principal says.</summary>
public static class ClaimsPrincipalExtensions
{
    internal const string SessionIdClaim = "sid";
    internal const string StampClaim = "stamp";
    internal const string DisplayNameClaim = "display_name";

    public static string Username(this ClaimsPrincipal user) => Required(user, ClaimTypes.Name);

    public static string SessionId(this ClaimsPrincipal user) => Required(user, SessionIdClaim);

    public static string DisplayName(this ClaimsPrincipal user) => Required(user, DisplayNameClaim);

    private static string Required(ClaimsPrincipal user, string claim) =>
        user.FindFirstValue(claim) ?? throw new InvalidOperationException($"Nobody is signed in (no claim '{claim}'); the endpoint must require it.");
}
