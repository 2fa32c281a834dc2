using Chat.Api.Authority;
using Chat.Backends;
using Chat.Backends.Pods;
using Chat.Backends.Rooms;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Caching.Memory;

namespace Chat.Api.Rooms;

/// <summary>A room and what one of its members is in it.</summary>
public sealed record Access(Room Room, Membership Membership);

/// <summary>
/// Who belongs where, asked on every read and every send: from the pod's memory, which the events of all pods keep true, for at most
/// a minute; then from the store; while that is away from the copy in Redis, then from what the pod knew in the last ten minutes.
/// </summary>
public sealed partial class RoomAccess(IRoomStore rooms, AuthorityCopies copies, IMemoryCache memory, TimeProvider time, ILogger<RoomAccess> logger)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(10);
    private static readonly System.Diagnostics.Metrics.Counter<long> Fallbacks = Telemetry.Meter.CreateCounter<long>("chat.access.fallbacks");

    private const string Backend = "chatdb";

    // Whoever finds nothing fresh in memory shares one reading. It goes on when they stop waiting, so that a slow store answers in the end.
    private readonly SharedCalls<(string Room, string Username), Access?> _accesses = new();
    private readonly SharedCalls<string, IReadOnlyCollection<string>?> _roomsOf = new();
    private readonly SharedCalls<string, IReadOnlyCollection<string>?> _membersOf = new();

    // Counts changes: what was read before one must be neither remembered nor copied after it.
    private long _changes;

    /// <summary>Null: not a member or no such room.</summary>
    /// <exception cref="BackendUnavailableException">No store answers and this pod does not know.</exception>
    public ValueTask<Access?> FindAsync(string roomId, string username, CancellationToken cancellationToken) => RememberedAsync<Access>(
        ("access", roomId, username),
        key => _accesses.AskAsync((roomId, username), () => ReadAsync(key, () => ReadAccessAsync(roomId, username), found => found is null
            ? copies.RemoveAccessAsync(roomId, username, CancellationToken.None)
            : copies.SaveAccessAsync(found.Room, found.Membership, CancellationToken.None)), cancellationToken),
        async () => await copies.FindAccessAsync(roomId, username, cancellationToken) is var (room, membership) ? new Access(room, membership) : null);

    /// <summary>The ids of the user's rooms.</summary>
    /// <exception cref="BackendUnavailableException">No store answers and this pod does not know.</exception>
    public async ValueTask<IReadOnlyCollection<string>> RoomsOfAsync(string username, CancellationToken cancellationToken) =>
        await RememberedAsync<IReadOnlyCollection<string>>(
            ("rooms", username, ""),
            key => _roomsOf.AskAsync(username, () => ReadAsync<IReadOnlyCollection<string>>(
                key,
                async () => [.. (await rooms.MembershipsOfAsync(username, CancellationToken.None)).Select(m => m.RoomId)],
                found => copies.SaveRoomsAsync(username, found!, CancellationToken.None)), cancellationToken),
            () => copies.FindRoomsAsync(username, cancellationToken)) ?? [];

    /// <summary>The usernames of the room's members.</summary>
    /// <exception cref="BackendUnavailableException">The store does not answer and this pod does not know.</exception>
    public async ValueTask<IReadOnlyCollection<string>> MembersOfAsync(string roomId, CancellationToken cancellationToken) =>
        await RememberedAsync<IReadOnlyCollection<string>>(
            ("members", roomId, ""),
            key => _membersOf.AskAsync(roomId, () => ReadAsync<IReadOnlyCollection<string>>(
                key,
                async () => (await rooms.MembersOfAsync(roomId, CancellationToken.None))
                    .Select(m => m.Username).ToHashSet(StringComparer.Ordinal),
                _ => Task.CompletedTask), cancellationToken),
            () => Task.FromResult<IReadOnlyCollection<string>?>(null)) ?? [];

    /// <summary>As <see cref="MembersOfAsync"/>; null when nobody can say now.</summary>
    public async ValueTask<IReadOnlyCollection<string>?> MembersIfKnownAsync(string roomId, CancellationToken cancellationToken)
    {
        try
        {
            return await MembersOfAsync(roomId, cancellationToken);
        }
        catch (BackendUnavailableException away)
        {
            NoteFallback(away);
            return null;
        }
    }

    /// <summary>
    /// Somebody came, went or changed their settings, here or on another pod. What this pod remembers of it is forgotten. When they went,
    /// so are the copies in Redis: this pod may have written one of before the change, and every pod forgets after its own writing.
    /// </summary>
    public Task ApplyAsync(MembershipChanged change)
    {
        ArgumentNullException.ThrowIfNull(change);
        Interlocked.Increment(ref _changes);
        memory.Remove(("access", change.Room, change.Username));
        memory.Remove(("rooms", change.Username, ""));
        memory.Remove(("members", change.Room, ""));
        return change.IsMember ? Task.CompletedTask : copies.RemoveMembershipAsync(change.Room, change.Username);
    }

    /// <summary>A room got another name, topic or state, here or on another pod.</summary>
    public void Apply(RoomWasChanged change)
    {
        ArgumentNullException.ThrowIfNull(change);
        Interlocked.Increment(ref _changes);
        memory.Set(("changed", change.Room.Id, ""), time.GetUtcNow(), Entry());
    }

    internal void NoteFallback(BackendUnavailableException away)
    {
        Fallbacks.Add(1);
        LogFallback(away.Backend);
    }

    private async Task<Access?> ReadAccessAsync(string roomId, string username)
    {
        var room = rooms.FindAsync(roomId, CancellationToken.None);
        var membership = rooms.FindMembershipAsync(roomId, username, CancellationToken.None);
        await Task.WhenAll(room, membership);
        return await room is { } r && await membership is { } m ? new Access(r, m) : null;
    }

    private async ValueTask<T?> RememberedAsync<T>(
        (string, string, string) key, Func<(string, string, string), Task<T?>> read, Func<Task<T?>> readCopy)
        where T : class
    {
        var known = memory.TryGetValue(key, out Remembered<T>? remembered) ? remembered : null;
        if (known is not null && time.GetUtcNow() - known.At < Fresh && !ChangedSince(known))
        {
            return known.Value;
        }

        try
        {
            // Who is known is not kept waiting by a store that hangs.
            return known is null ? await read(key) : await read(key).WaitAsync(Patience, time);
        }
        catch (Exception e) when (e is BackendUnavailableException or TimeoutException)
        {
            NoteFallback(e as BackendUnavailableException ?? new BackendUnavailableException(Backend, e));
            if ((await readCopy() ?? known?.Value) is { } fallback)
            {
                return fallback;
            }

            throw;
        }
    }

    /// <summary>Reads from the store, and remembers and copies what it found unless something changed meanwhile.</summary>
    private async Task<T?> ReadAsync<T>((string, string, string) key, Func<Task<T?>> read, Func<T?, Task> copy)
        where T : class
    {
        var isKnown = memory.TryGetValue(key, out _);
        var changes = Interlocked.Read(ref _changes);
        var found = await read();
        if (Interlocked.Read(ref _changes) != changes)
        {
            return found;
        }

        if (found is not null)
        {
            memory.Set(key, new Remembered<T>(found, time.GetUtcNow()), Entry());
        }

        if (isKnown || found is not null)
        {
            await copy(found);
        }

        return found;
    }

    private bool ChangedSince<T>(Remembered<T> known)
        where T : class => known.Value is Access access
            && memory.TryGetValue(("changed", access.Room.Id, ""), out DateTimeOffset at)
            && at >= known.At;

    private static MemoryCacheEntryOptions Entry() => new() { AbsoluteExpirationRelativeToNow = Stale, Size = 1 };

    [LoggerMessage(1200, LogLevel.Debug, "Rooms come from a copy: {Backend} is away")]
    private partial void LogFallback(string backend);

    private sealed record Remembered<T>(T Value, DateTimeOffset At)
        where T : class;
}
