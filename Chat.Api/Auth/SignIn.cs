using System.Text.RegularExpressions;
using Chat.Api.Refusals;
using Chat.Backends.Users;
using Chat.Contracts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;

namespace Chat.Api.Auth;

/// <summary>Signing up, in and out, by name and password.</summary>
internal sealed partial class SignIn(
    UserManager<Account> users,
    IPasswordHasher<Account> hasher,
    UserAccounts accounts,
    Sessions sessions,
    SignInThrottle throttle,
    DeviceCookie devices,
    TimeProvider time)
{
    // Names that mean something else: the owner of rooms that nobody made, and what mentions everybody.
    private static readonly string[] Reserved = ["system", "room", "everyone", "here", "channel", "all"];
    private static readonly Account Nobody = new(new ChatUser { Username = "nobody", DisplayName = "nobody" });
    private static string? _nobodysHash;

    public async Task<Outcome<Me>> RegisterAsync(HttpContext context, Credentials? credentials, CancellationToken cancellationToken)
    {
        if (credentials is not { Username: { } username, Password: { } password })
        {
            return Refuse.InvalidRequest;
        }

        if (!Username().IsMatch(username))
        {
            return Refuse.InvalidUsername;
        }

        if (Reserved.Contains(username))
        {
            return Refuse.UsernameTaken;
        }

        var account = new Account(new ChatUser { Username = username, DisplayName = username, CreatedAt = time.GetUtcNow() });
        var result = await users.CreateAsync(account, password);
        if (!result.Succeeded)
        {
            return result.Errors.Any(e => e.Code == PasswordRules.Weak)
                ? Refuse.WeakPassword(result.Errors.First(e => e.Code == PasswordRules.Weak).Description)
                : result.Errors.Any(e => e.Code == nameof(IdentityErrorDescriber.DuplicateUserName)) ? Refuse.UsernameTaken : Refuse.InvalidUsername;
        }

        return await BeginAsync(context, account.User, cancellationToken);
    }

    public async Task<Outcome<Me>> SignInAsync(HttpContext context, Credentials? credentials, CancellationToken cancellationToken)
    {
        if (credentials is not { Username: { } given, Password: { } password })
        {
            return Refuse.InvalidRequest;
        }

        var username = UserAccounts.Normalize(given);
        var client = devices.Client(context, username);
        if (await throttle.WaitAsync(username, client, cancellationToken) is { } wait)
        {
            return Refuse.TooManyAttempts(wait);
        }

        var account = Username().IsMatch(username) && await accounts.FindAsync(username, cancellationToken) is { } user ? new Account(user) : null;
        if (!await IsPasswordAsync(account, password))
        {
            await throttle.FailedAsync(username, client, cancellationToken);
            return Refuse.InvalidCredentials;
        }

        await throttle.SucceededAsync(username, client, cancellationToken);
        return await BeginAsync(context, account!.User, cancellationToken);
    }

    /// <summary>Takes as long for nobody as for somebody, so that time does not tell which names exist.</summary>
    public async Task<bool> IsPasswordAsync(Account? account, string password)
    {
        if (account?.User is { PasswordHash: not null, DeletedAt: null } && password.Length <= Limits.PasswordMax)
        {
            return await users.CheckPasswordAsync(account, password);
        }

        _nobodysHash ??= hasher.HashPassword(Nobody, "nobody's password");
        hasher.VerifyHashedPassword(Nobody, _nobodysHash, password.Length <= Limits.PasswordMax ? password : "");
        return false;
    }

    public async Task<Me> BeginAsync(HttpContext context, ChatUser user, CancellationToken cancellationToken)
    {
        var session = await sessions.BeginAsync(user, DeviceCookie.Describe(context), cancellationToken);
        await context.SignInAsync(
            CookieAuthenticationDefaults.AuthenticationScheme, SessionTickets.Principal(session), new AuthenticationProperties { IsPersistent = true });
        devices.Remember(context, user.Username);
        return new Me(user.Username, user.DisplayName);
    }

    [GeneratedRegex(Limits.UsernamePattern, RegexOptions.CultureInvariant)]
    private static partial Regex Username();
}
