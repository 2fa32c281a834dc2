using Chat.Api.Authority;
using Chat.Backends;
using Chat.Backends.Users;
using Microsoft.Extensions.Caching.Memory;

namespace Chat.Api.Auth;

/// <summary>
/// The directory of users, and what remains of it while it is away: the copy in Redis, then what this pod has seen in the last
/// ten minutes. Known users can so be read and signed in; nothing can be changed.
/// </summary>
public sealed class UserAccounts(IUserDirectory directory, AuthorityCopies copies, IMemoryCache memory)
{
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    // Every call of a user asks for the same when what is remembered is too old.
    private readonly SharedCalls<string, ChatUser?> _reading = new();

    public static string Normalize(string username) => username.Trim().ToLowerInvariant();

    /// <exception cref="BackendUnavailableException">No store answers and this pod has not seen the user lately.</exception>
    public async Task<ChatUser?> FindAsync(string username, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(username, cancellationToken);
        }
        catch (BackendUnavailableException)
        {
            if (await copies.FindUserAsync(username, cancellationToken) is { } copy)
            {
                return copy;
            }

            if (memory.TryGetValue(Key(username), out ChatUser? known))
            {
                return known;
            }

            throw;
        }
    }

    /// <summary>From the directory itself.</summary>
    /// <exception cref="BackendUnavailableException">It is away.</exception>
    public Task<ChatUser?> ReadAsync(string username, CancellationToken cancellationToken) => _reading.AskAsync(
        username,
        async () =>
        {
            var user = await directory.FindAsync(username, CancellationToken.None);
            if (user is not null)
            {
                await RememberAsync(user, CancellationToken.None);
            }

            return user;
        },
        cancellationToken);

    /// <summary>As <see cref="FindAsync"/>, but up to half a minute old: for display names and stamps, asked for on every call.</summary>
    public async Task<ChatUser?> FindRecentAsync(string username, CancellationToken cancellationToken) =>
        memory.TryGetValue(FreshKey(username), out ChatUser? user) ? user : await FindAsync(username, cancellationToken);

    public async Task<bool> CreateAsync(ChatUser user, CancellationToken cancellationToken)
    {
        var created = await directory.CreateAsync(user, cancellationToken);
        if (created)
        {
            await RememberAsync(user, cancellationToken);
        }

        return created;
    }

    public async Task<bool> UpdateAsync(ChatUser user, CancellationToken cancellationToken)
    {
        var updated = await directory.UpdateAsync(user, cancellationToken);
        if (updated)
        {
            await RememberAsync(user with { Version = user.Version + 1 }, cancellationToken);
        }

        return updated;
    }

    /// <summary>Another pod changed the user.</summary>
    public void Forget(string username)
    {
        memory.Remove(Key(username));
        memory.Remove(FreshKey(username));
    }

    private async Task RememberAsync(ChatUser user, CancellationToken cancellationToken)
    {
        memory.Set(Key(user.Username), user, Entry(Stale));
        if (!memory.TryGetValue(FreshKey(user.Username), out ChatUser? known) || known != user)
        {
            await copies.SaveUserAsync(user, cancellationToken);
        }

        memory.Set(FreshKey(user.Username), user, Entry(Fresh));
    }

    private static MemoryCacheEntryOptions Entry(TimeSpan lifetime) => new() { AbsoluteExpirationRelativeToNow = lifetime, Size = 1 };

    private static (string, string) Key(string username) => ("user", username);

    private static (string, string) FreshKey(string username) => ("user, fresh", username);
}
