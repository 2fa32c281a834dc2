using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Backends.Archive;
using Chat.Backends.Files;
using Chat.Backends.Pods;
using Chat.Backends.Users;
using Chat.Contracts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Chat.Api.Auth;

/// <summary><c>/api/auth/me</c> and <c>/api/auth/password</c>: the caller's own account.</summary>
internal static class AccountEndpoints
{
    public static void MapAccount(this RouteGroupBuilder group)
    {
        group.MapGet("/me", GetMe);
        group.MapPatch("/me", UpdateMe);
        group.MapDelete("/me", DeleteMe);
        group.MapPost("/password", ChangePassword);
        group.MapGet("/export", Export);
    }

    private static async Task<Ok<Me>> GetMe(UserAccounts accounts, HttpContext context, CancellationToken cancellationToken)
    {
        var user = await accounts.FindRecentAsync(context.User.Username(), cancellationToken);
        return TypedResults.Ok(new Me(context.User.Username(), user?.DisplayName ?? context.User.DisplayName()));
    }

    private static async Task<Results<Ok<Me>, ProblemHttpResult>> UpdateMe(
        UpdateMeRequest? request, UserAccounts accounts, Sessions sessions, HttpContext context, CancellationToken cancellationToken)
    {
        var name = request?.DisplayName?.Trim();
        if (name is not { Length: >= 1 and <= Limits.DisplayNameMax } || name.Any(char.IsControl))
        {
            return Refuse.InvalidDisplayName.ToProblem();
        }

        var updated = await ChangeAsync(accounts, context.User.Username(), u => u with { DisplayName = name }, cancellationToken);
        if (updated is null)
        {
            return Refuse.Unavailable.ToProblem();
        }

        if (await sessions.FindAsync(context.User.SessionId(), cancellationToken) is { } session)
        {
            await sessions.SaveAsync(session with { DisplayName = name }, cancellationToken);
        }

        return TypedResults.Ok(new Me(updated.Username, updated.DisplayName));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangePassword(
        ChangePasswordRequest? request,
        UserManager<Account> users,
        UserAccounts accounts,
        SignIn signIn,
        SignInThrottle throttle,
        Sessions sessions,
        PodBridge bridge,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        if (request is not { Current: not null, New: not null })
        {
            return Refuse.InvalidRequest.ToProblem();
        }

        var username = context.User.Username();
        if (await ConfirmAsync(username, request.Current, accounts, signIn, throttle, context, cancellationToken) is { Refusal: { } refused })
        {
            return refused.ToProblem();
        }

        var account = new Account((await accounts.ReadAsync(username, cancellationToken))!);
        var result = await users.ChangePasswordAsync(account, request.Current, request.New);
        if (!result.Succeeded)
        {
            var weak = result.Errors.FirstOrDefault(e => e.Code == PasswordRules.Weak);
            return (weak is null ? Refuse.Unavailable : Refuse.WeakPassword(weak.Description)).ToProblem();
        }

        // This session goes on under the new stamp; the others are over by the stamp alone, and ended so that they show it.
        var current = context.User.SessionId();
        var all = await sessions.ListAsync(username, cancellationToken);
        if (all.FirstOrDefault(s => s.Id == current) is { } session)
        {
            await sessions.SaveAsync(session with { SecurityStamp = account.User.SecurityStamp }, cancellationToken);
        }

        foreach (var other in all.Where(s => s.Id != current))
        {
            await sessions.EndAsync(other.Id, username, cancellationToken);
        }

        await bridge.PublishAsync(new SessionsEnded(username, null, current), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteMe(
        [Microsoft.AspNetCore.Mvc.FromBody] DeleteAccountRequest? request,
        UserAccounts accounts,
        SignIn signIn,
        SignInThrottle throttle,
        Sessions sessions,
        RoomLeaving leaving,
        IFiles files,
        PodBridge bridge,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        if (request?.Password is null)
        {
            return Refuse.InvalidRequest.ToProblem();
        }

        var username = context.User.Username();
        var confirmed = await ConfirmAsync(username, request.Password, accounts, signIn, throttle, context, cancellationToken);
        if (confirmed.Refusal is { } refused)
        {
            return refused.ToProblem();
        }

        await leaving.LeaveAllAsync(username, cancellationToken);
        await files.RemoveByUploaderAsync(username, cancellationToken);
        var deleted = await ChangeAsync(
            accounts,
            username,
            u => u with { DisplayName = username, PasswordHash = null, SecurityStamp = Guid.NewGuid().ToString("N"), DeletedAt = time.GetUtcNow() },
            cancellationToken);
        if (deleted is null)
        {
            return Refuse.Unavailable.ToProblem();
        }

        foreach (var session in await sessions.ListAsync(username, cancellationToken))
        {
            await sessions.EndAsync(session.Id, username, cancellationToken);
        }

        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        await bridge.PublishAsync(new SessionsEnded(username, null), cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>The account and the caller's own messages, streamed: there may be many.</summary>
    private static async Task<IResult> Export(
        UserAccounts accounts, IMessageArchive archive, HttpContext context, CancellationToken cancellationToken) =>
        await accounts.ReadAsync(context.User.Username(), cancellationToken) is { } user
            ? new AccountExport(user, archive)
            : Refuse.UserNotFound.ToProblem();

    /// <summary>The caller proves to be the owner of the session's account; guessing here counts as guessing at sign-in.</summary>
    private static async Task<Outcome<ChatUser>> ConfirmAsync(
        string username,
        string password,
        UserAccounts accounts,
        SignIn signIn,
        SignInThrottle throttle,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var client = new SignInClient("session:" + context.User.SessionId(), Trusted: true);
        if (await throttle.WaitAsync(username, client, cancellationToken) is { } wait)
        {
            return Refuse.TooManyAttempts(wait);
        }

        var user = await accounts.ReadAsync(username, cancellationToken);
        if (user is null || !await signIn.IsPasswordAsync(new Account(user), password))
        {
            await throttle.FailedAsync(username, client, cancellationToken);
            return Refuse.InvalidCredentials;
        }

        return user;
    }

    private static async Task<ChatUser?> ChangeAsync(
        UserAccounts accounts, string username, Func<ChatUser, ChatUser> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (await accounts.ReadAsync(username, cancellationToken) is not { } user)
            {
                return null;
            }

            var changed = change(user);
            if (await accounts.UpdateAsync(changed, cancellationToken))
            {
                return changed;
            }
        }

        return null;
    }
}
