using System.Collections.Concurrent;
using System.Security.Cryptography;
using Chat.Backends;
using Chat.Backends.Sessions;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Caching.Memory;

namespace Chat.Api.Auth;

/// <summary>
/// Sessions of signed-in devices, written through to Redis and to the archive's database and read from whichever answers, so that
/// losing one server signs nobody out. What one store could not take is given to it later, which matters most for an end:
/// a Redis that was only paused must not keep a session that was ended meanwhile.
/// </summary>
public sealed partial class Sessions(
    [FromKeyedServices(Sessions.Cache)] ISessionStore cache,
    [FromKeyedServices(Sessions.Archive)] ISessionStore archive,
    UserAccounts accounts,
    IMemoryCache memory,
    TimeProvider time,
    ILogger<Sessions> logger) : BackgroundService
{
    public const string Cache = "cache";
    public const string Archive = "chatdb";

    /// <summary>Since it was last used.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SeenAgain = TimeSpan.FromMinutes(5);
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.sessions.store_failures");

    // When Redis has lost a session, every call of its device asks for it.
    private readonly SharedCalls<string, Session?> _archived = new();

    // Bounded by how many sessions end during an outage; each entry is a few dozen bytes.
    private readonly ConcurrentDictionary<(string Store, string SessionId), string> _unfinishedEnds = new();

    public async Task<Session> BeginAsync(Backends.Users.ChatUser user, string? device, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var session = new Session
        {
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            Username = user.Username,
            DisplayName = user.DisplayName,
            SecurityStamp = user.SecurityStamp,
            CreatedAt = now,
            LastSeenAt = now,
            ExpiresAt = now + Lifetime,
            Device = device,
        };
        await SaveAsync(session, cancellationToken);
        return session;
    }

    /// <summary>Null when it is over.</summary>
    /// <exception cref="BackendUnavailableException">No store answers and this pod has not seen the session lately.</exception>
    public async Task<Session?> FindAsync(string sessionId, CancellationToken cancellationToken)
    {
        var session = await ReadAsync(sessionId, cancellationToken);
        if (session is null || session.EndedAt is not null || session.ExpiresAt <= time.GetUtcNow() || IsEndedHere(sessionId))
        {
            memory.Remove(Key(sessionId));
            return null;
        }

        if (!await StampHoldsAsync(session, cancellationToken))
        {
            await EndAsync(session.Id, session.Username, cancellationToken);
            return null;
        }

        memory.Set(Key(sessionId), session, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Stale, Size = 1 });
        return time.GetUtcNow() - session.LastSeenAt > SeenAgain ? await TouchAsync(session, cancellationToken) : session;
    }

    /// <summary>The user's live sessions in either store, the last used first.</summary>
    public async Task<IReadOnlyList<Session>> ListAsync(string username, CancellationToken cancellationToken)
    {
        var lists = await Task.WhenAll(TryListAsync(cache, Cache), TryListAsync(archive, Archive));
        if (lists.All(l => l is null))
        {
            throw new BackendUnavailableException(Archive);
        }

        return [.. lists.SelectMany(l => l ?? [])
            .GroupBy(s => s.Id)
            .Select(g => g.MaxBy(s => s.LastSeenAt)!)
            .Where(s => !IsEndedHere(s.Id))
            .OrderByDescending(s => s.LastSeenAt)];

        async Task<IReadOnlyList<Session>?> TryListAsync(ISessionStore store, string name)
        {
            try
            {
                return await store.ListAsync(username, cancellationToken);
            }
            catch (BackendUnavailableException)
            {
                Note(name);
                return null;
            }
        }
    }

    /// <summary>Creates or replaces; succeeds when one store has it.</summary>
    public async Task SaveAsync(Session session, CancellationToken cancellationToken)
    {
        var saved = await Task.WhenAll(
            TryAsync(Cache, () => cache.SaveAsync(session, cancellationToken)),
            TryAsync(Archive, () => archive.SaveAsync(session, cancellationToken)));
        if (!saved.Contains(true))
        {
            throw new BackendUnavailableException(Archive);
        }

        memory.Set(Key(session.Id), session, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Stale, Size = 1 });
    }

    public async Task EndAsync(string sessionId, string username, CancellationToken cancellationToken)
    {
        EndedElsewhere(sessionId);
        await Task.WhenAll(EndInAsync(cache, Cache, sessionId, username, cancellationToken), EndInAsync(archive, Archive, sessionId, username, cancellationToken));
    }

    /// <summary>Another pod ended it, or this one: not even the pod's memory knows it any more.</summary>
    public void EndedElsewhere(string sessionId)
    {
        memory.Remove(Key(sessionId));
        memory.Set(EndedKey(sessionId), true, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Stale, Size = 1 });
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        ResilientLoop.RunAsync(nameof(Sessions), EndUnfinishedAsync, time, logger, stoppingToken);

    /// <summary>Gives every end to the store that could not take it when it happened.</summary>
    private async Task EndUnfinishedAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(2), time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var ((store, sessionId), username) in _unfinishedEnds)
            {
                EndedElsewhere(sessionId);
                try
                {
                    await EndInAsync(store == Cache ? cache : archive, store, sessionId, username, cancellationToken);
                }
                catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
                {
                    // One session that its store refuses must not hold up the others; it is tried again with the next tick.
                    LogEndFailed(store, e);
                }
            }
        }
    }

    private async Task<Session?> ReadAsync(string sessionId, CancellationToken cancellationToken)
    {
        var away = false;
        try
        {
            if (await cache.FindAsync(sessionId, cancellationToken) is { } session)
            {
                return session;
            }
        }
        catch (BackendUnavailableException)
        {
            Note(Cache);
            away = true;
        }

        try
        {
            return await _archived.AskAsync(sessionId, () => ReadArchivedAsync(sessionId, restore: !away), cancellationToken);
        }
        catch (BackendUnavailableException)
        {
            Note(Archive);
            if (memory.TryGetValue(Key(sessionId), out Session? known))
            {
                return known;
            }

            throw;
        }
    }

    /// <summary>Redis may have lost what the archive kept; a session found here goes back to Redis.</summary>
    private async Task<Session?> ReadArchivedAsync(string sessionId, bool restore)
    {
        var kept = await archive.FindAsync(sessionId, CancellationToken.None);
        if (restore && kept is { EndedAt: null })
        {
            await TryAsync(Cache, () => cache.SaveAsync(kept, CancellationToken.None));
        }

        return kept;
    }

    private async Task<bool> StampHoldsAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            // What is remembered may be older than the session; only the store itself can say that the stamp is over.
            return Holds(await accounts.FindRecentAsync(session.Username, cancellationToken))
                || Holds(await accounts.ReadAsync(session.Username, cancellationToken));
        }
        catch (BackendUnavailableException)
        {
            return true;
        }

        bool Holds(Backends.Users.ChatUser? user) => user is { DeletedAt: null } && user.SecurityStamp == session.SecurityStamp;
    }

    private async Task<Session> TouchAsync(Session session, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var touched = session with { LastSeenAt = now, ExpiresAt = now + Lifetime };
        await TryAsync(Cache, () => cache.SaveAsync(touched, cancellationToken));
        await TryAsync(Archive, () => archive.SaveAsync(touched, cancellationToken));
        return touched;
    }

    private async Task EndInAsync(ISessionStore store, string name, string sessionId, string username, CancellationToken cancellationToken)
    {
        if (await TryAsync(name, () => store.EndAsync(sessionId, username, cancellationToken)))
        {
            _unfinishedEnds.TryRemove((name, sessionId), out _);
        }
        else
        {
            _unfinishedEnds[(name, sessionId)] = username;
        }
    }

    private async Task<bool> TryAsync(string store, Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (BackendUnavailableException)
        {
            Note(store);
            return false;
        }
    }

    private bool IsEndedHere(string sessionId) => memory.TryGetValue(EndedKey(sessionId), out _);

    private void Note(string store)
    {
        Failures.Add(1, new KeyValuePair<string, object?>("store", store));
        LogAway(store);
    }

    private static (string, string) Key(string sessionId) => ("session", sessionId);

    private static (string, string) EndedKey(string sessionId) => ("session, ended", sessionId);

    [LoggerMessage(1110, LogLevel.Debug, "The session store in {Store} is away")]
    private partial void LogAway(string store);

    [LoggerMessage(1111, LogLevel.Error, "The end of a session could not be stored in {Store}; it is tried again")]
    private partial void LogEndFailed(string store, Exception exception);
}
