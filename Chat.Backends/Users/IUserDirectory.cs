namespace Chat.Backends.Users;

/// <summary>
/// Who has an account. Usernames are lower case and unique for ever: a deleted account's name stays taken. All calls
/// throw <see cref="BackendUnavailableException"/> when the store is away.
/// </summary>
public interface IUserDirectory
{
    /// <summary>False when the name is taken. Of two at the same time one succeeds.</summary>
    Task<bool> CreateAsync(ChatUser user, CancellationToken cancellationToken);

    Task<ChatUser?> FindAsync(string username, CancellationToken cancellationToken);

    /// <summary>Those who exist, in no order; at most a few hundred names at once.</summary>
    Task<IReadOnlyList<ChatUser>> FindManyAsync(IReadOnlyCollection<string> usernames, CancellationToken cancellationToken);

    /// <summary>Replaces the user if its version is still <paramref name="user"/>'s; false when somebody else changed it.</summary>
    Task<bool> UpdateAsync(ChatUser user, CancellationToken cancellationToken);

    /// <summary>Active users whose username, or a word of whose display name, begins with the prefix (lower case), by username. Empty prefix: any.</summary>
    Task<IReadOnlyList<ChatUser>> SearchAsync(string prefix, int limit, CancellationToken cancellationToken);
}

/// <summary>An account. <c>Version</c> counts updates; <see cref="IUserDirectory.UpdateAsync"/> raises it.</summary>
public sealed record ChatUser
{
    public required string Username { get; init; }

    public required string DisplayName { get; init; }

    /// <summary>Null once deleted.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>Changes with the password; sessions made under another stamp are over.</summary>
    public string SecurityStamp { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    public long Version { get; init; }
}
