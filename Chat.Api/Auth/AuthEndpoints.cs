using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Backends.Pods;
using Chat.Contracts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.Auth;

/// <summary><c>/api/auth</c>: signing up, in and out, and the signed-in devices.</summary>
public static class AuthEndpoints
{
    public static RouteGroupBuilder MapAuth(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api/auth").WithTags("Auth").RequireAuthorization();
        group.MapPost("/register", Register).AllowAnonymous();
        group.MapPost("/login", Login).AllowAnonymous();
        group.MapPost("/logout", Logout);
        group.MapGet("/sessions", ListSessions);
        group.MapDelete("/sessions/{id}", EndSession);
        group.MapAccount();
        return group;
    }

    private static async Task<Results<Created<Me>, ProblemHttpResult>> Register(
        Credentials? credentials, SignIn signIn, HttpContext context, CancellationToken cancellationToken)
    {
        var outcome = await signIn.RegisterAsync(context, credentials, cancellationToken);
        return outcome.Refusal is { } refusal ? refusal.ToProblem() : TypedResults.Created("/api/auth/me", outcome.Value);
    }

    private static async Task<Results<Ok<Me>, ProblemHttpResult>> Login(
        Credentials? credentials, SignIn signIn, HttpContext context, CancellationToken cancellationToken)
    {
        var outcome = await signIn.SignInAsync(context, credentials, cancellationToken);
        return outcome.Refusal is { } refusal ? refusal.ToProblem() : TypedResults.Ok(outcome.Value);
    }

    private static async Task<NoContent> Logout(Sessions sessions, PodBridge bridge, HttpContext context, CancellationToken cancellationToken)
    {
        var (username, session) = (context.User.Username(), context.User.SessionId());
        await sessions.EndAsync(session, username, cancellationToken);
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        await bridge.PublishAsync(new SessionsEnded(username, session), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<IReadOnlyList<SessionInfo>>> ListSessions(Sessions sessions, HttpContext context, CancellationToken cancellationToken)
    {
        var list = await sessions.ListAsync(context.User.Username(), cancellationToken);
        return TypedResults.Ok<IReadOnlyList<SessionInfo>>(
            [.. list.Select(s => new SessionInfo(s.Id, s.CreatedAt, s.LastSeenAt, s.Device, s.Id == context.User.SessionId()))]);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndSession(
        string id, Sessions sessions, PodBridge bridge, HttpContext context, CancellationToken cancellationToken)
    {
        var username = context.User.Username();
        if ((await sessions.ListAsync(username, cancellationToken)).All(s => s.Id != id))
        {
            return Refuse.SessionNotFound.ToProblem();
        }

        await sessions.EndAsync(id, username, cancellationToken);
        await bridge.PublishAsync(new SessionsEnded(username, id), cancellationToken);
        return TypedResults.NoContent();
    }
}
