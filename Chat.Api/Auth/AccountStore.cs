using Chat.Backends;
using Microsoft.AspNetCore.Identity;

namespace Chat.Api.Auth;

/// <summary>
/// Identity's user store over <see cref="UserAccounts"/>. Usernames are their own ids and lower case; Identity's normalized name
/// is their upper case and not kept.
/// </summary>
internal sealed class AccountStore(UserAccounts accounts) : IUserPasswordStore<Account>, IUserSecurityStampStore<Account>
{
    public const string Unavailable = nameof(Unavailable);
    private static readonly IdentityErrorDescriber Errors = new();

    public async Task<IdentityResult> CreateAsync(Account user, CancellationToken cancellationToken) =>
        await accounts.CreateAsync(user.User, cancellationToken)
            ? IdentityResult.Success
            : IdentityResult.Failed(Errors.DuplicateUserName(user.User.Username));

    public async Task<IdentityResult> UpdateAsync(Account user, CancellationToken cancellationToken)
    {
        try
        {
            if (!await accounts.UpdateAsync(user.User, cancellationToken))
            {
                return IdentityResult.Failed(Errors.ConcurrencyFailure());
            }

            user.User = user.User with { Version = user.User.Version + 1 };
            return IdentityResult.Success;
        }
        catch (BackendUnavailableException)
        {
            // A value, because signing in goes on when only the rehashed password could not be kept.
            return IdentityResult.Failed(new IdentityError { Code = Unavailable, Description = "The store of users is away." });
        }
    }

    public async Task<Account?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) =>
        await accounts.FindAsync(UserAccounts.Normalize(normalizedUserName), cancellationToken) is { } user ? new Account(user) : null;

    public Task<Account?> FindByIdAsync(string userId, CancellationToken cancellationToken) => FindByNameAsync(userId, cancellationToken);

    public Task<IdentityResult> DeleteAsync(Account user, CancellationToken cancellationToken) =>
        throw new NotSupportedException("An account's name stays taken; deleting anonymises it.");

    public Task<string> GetUserIdAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(user.User.Username);

    public Task<string?> GetUserNameAsync(Account user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.User.Username);

    public Task<string?> GetNormalizedUserNameAsync(Account user, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(user.User.Username.ToUpperInvariant());

    public Task<string?> GetPasswordHashAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(user.User.PasswordHash);

    public Task<bool> HasPasswordAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(user.User.PasswordHash is not null);

    public Task<string?> GetSecurityStampAsync(Account user, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(user.User.SecurityStamp);

    public Task SetPasswordHashAsync(Account user, string? passwordHash, CancellationToken cancellationToken)
    {
        user.User = user.User with { PasswordHash = passwordHash };
        return Task.CompletedTask;
    }

    public Task SetSecurityStampAsync(Account user, string stamp, CancellationToken cancellationToken)
    {
        user.User = user.User with { SecurityStamp = stamp };
        return Task.CompletedTask;
    }

    public Task SetUserNameAsync(Account user, string? userName, CancellationToken cancellationToken) =>
        throw new NotSupportedException("A username never changes.");

    public Task SetNormalizedUserNameAsync(Account user, string? normalizedName, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }
}
