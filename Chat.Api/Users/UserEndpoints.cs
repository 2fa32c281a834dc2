using Chat.Api.Presence;
using Chat.Api.Refusals;
using Chat.Backends.Users;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.Users;

/// <summary><c>/api/users</c>: people to mention or write to.</summary>
public static class UserEndpoints
{
    private const int Most = 20;

    public static void MapUsers(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/api/users", Search).WithTags("Users").RequireAuthorization();

    private static async Task<Results<Ok<IReadOnlyList<UserInfo>>, ProblemHttpResult>> Search(
        string? q, IUserDirectory users, Online online, CancellationToken cancellationToken)
    {
        var prefix = (q ?? "").Trim().TrimStart('@').ToLowerInvariant();
        if (prefix.Length > Limits.DisplayNameMax)
        {
            return Refuse.InvalidQuery.ToProblem();
        }

        var found = await users.SearchAsync(prefix, Most, cancellationToken);
        return TypedResults.Ok<IReadOnlyList<UserInfo>>(
            [.. found.Select(u => new UserInfo(u.Username, u.DisplayName, online.IsOnline(u.Username)))]);
    }
}
