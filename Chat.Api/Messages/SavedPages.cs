using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Contracts;

namespace Chat.Api.Messages;

/// <summary>
/// Pages of the archive for the many who missed the same. A page is kept for a moment together with the time up to which everything that
/// was accepted is in it, so that it serves whoever needs no later time. The slower the archive, the longer a page is kept, and only a few
/// are read at once: however many ask, a slow archive ends what it began, and saving gets its turn.
/// </summary>
public sealed class SavedPages(IMessageArchive archive, SaveWatermark watermark, TimeProvider time) : IDisposable
{
    /// <summary>How many pages are read from the archive at the same time.</summary>
    public const int AtOnce = 4;

    private const int MaxKept = 200;
    private const int ReadingsKept = 10;

    /// <summary>How many messages more are read for all whose cursors are in the same ten seconds.</summary>
    private const int Ahead = 100;

    private static readonly TimeSpan CommonTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestKept = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestKept = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The archive limits its own time. One call that hangs must not keep its place for ever.</summary>
    private static readonly TimeSpan ReadWithin = TimeSpan.FromSeconds(5);

    private readonly SharedCalls<Place, Kept> _reading = new();
    private readonly SemaphoreSlim _turns = new(AtOnce);
    private readonly Lock _gate = new();
    private readonly Dictionary<Place, Kept> _kept = [];
    private readonly Queue<(Place Place, Kept Page)> _oldestFirst = new();
    private int _forgotten;

    /// <summary>
    /// The messages strictly between the cursors, as <see cref="IMessageArchive.ReadAsync"/> answers them. They are up to a second old,
    /// and up to ten seconds where the archive is slow.
    /// </summary>
    /// <param name="roomId">The room.</param>
    /// <param name="before">The newest messages before it; null with <paramref name="after"/> null: the newest of all.</param>
    /// <param name="after">The oldest messages after it.</param>
    /// <param name="limit">How many messages at most; at least 1.</param>
    /// <param name="until">What was accepted before this time is needed.</param>
    /// <param name="cancellationToken">Ends the waiting, not the reading that others wait for too.</param>
    /// <returns>The messages, and whether everything that was accepted before <paramref name="until"/> is among them.</returns>
    /// <exception cref="BackendUnavailableException">The archive is away.</exception>
    /// <exception cref="TimeoutException">The archive did not answer within two seconds.</exception>
    public async Task<(IReadOnlyList<Message> Messages, bool Complete)> ReadAsync(
        string roomId, MessageCursor? before, MessageCursor? after, int limit, DateTimeOffset until, CancellationToken cancellationToken)
    {
        // Before the archive is read: what was saved by then is in what it answers.
        var reached = await watermark.ReachesAsync(until, cancellationToken);
        if (after is { } cursor)
        {
            // Those who lost their connections together have nearly, but not exactly, the same cursor.
            var common = new Place(roomId, null, Floor(cursor), limit + Ahead);
            var page = await FindOrReadAsync(common, until, reached, cancellationToken);
            var following = page.Messages.Where(m => cursor.Compare(m) > 0).Take(limit).ToList();
            if (following.Count == limit || page.Messages.Count < common.Limit)
            {
                return (following, page.ProvenUntil >= until);
            }
        }

        var exact = await FindOrReadAsync(new Place(roomId, before, after, limit), until, reached, cancellationToken);
        return (exact.Messages, exact.ProvenUntil >= until);
    }

    /// <summary>Something was accepted so late that a page may lack it, whatever was proved.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _forgotten++;
            _kept.Clear();
            _oldestFirst.Clear();
        }
    }

    public void Dispose() => _turns.Dispose();

    /// <summary>The beginning of the cursor's ten seconds.</summary>
    private static MessageCursor Floor(MessageCursor cursor) =>
        new(cursor.Timestamp.AddTicks(-(cursor.Timestamp.UtcTicks % CommonTime.Ticks)), "");

    private async Task<Kept> FindOrReadAsync(Place place, DateTimeOffset until, bool reached, CancellationToken cancellationToken)
    {
        if (Find(place) is { } page && (!reached || page.ProvenUntil >= until))
        {
            return page;
        }

        return await _reading.AskAsync(place, () => ReadAsync(place), cancellationToken).WaitAsync(Patience, time, cancellationToken);
    }

    private async Task<Kept> ReadAsync(Place place)
    {
        await _turns.WaitAsync();
        try
        {
            return await ReadNowAsync(place);
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<Kept> ReadNowAsync(Place place)
    {
        int forgotten;
        lock (_gate)
        {
            forgotten = _forgotten;
        }

        // The one before may have been read for the same proof.
        var proven = watermark.ProvenUntil;
        if (Find(place) is { } known && known.ProvenUntil >= proven)
        {
            return known;
        }

        var began = time.GetTimestamp();
        var messages = await archive.ReadAsync(place.RoomId, place.Before, place.After, place.Limit, CancellationToken.None)
            .WaitAsync(ReadWithin, time);
        var lifetime = ReadingsKept * time.GetElapsedTime(began);
        lifetime = lifetime < ShortestKept ? ShortestKept : lifetime > LongestKept ? LongestKept : lifetime;
        var page = new Kept(messages, proven, time.GetTimestamp(), lifetime);
        lock (_gate)
        {
            if (forgotten == _forgotten)
            {
                Keep(place, page);
            }
        }

        return page;
    }

    private Kept? Find(Place place)
    {
        lock (_gate)
        {
            RemoveOld();
            return _kept.TryGetValue(place, out var page) && !IsOld(page) ? page : null;
        }
    }

    private void Keep(Place place, Kept page)
    {
        RemoveOld();
        if (_oldestFirst.Count == MaxKept)
        {
            RemoveOldest();
        }

        _kept[place] = page;
        _oldestFirst.Enqueue((place, page));
    }

    private void RemoveOld()
    {
        while (_oldestFirst.TryPeek(out var oldest) && IsOld(oldest.Page))
        {
            RemoveOldest();
        }
    }

    private void RemoveOldest()
    {
        var (place, page) = _oldestFirst.Dequeue();
        if (_kept.GetValueOrDefault(place) == page)
        {
            _kept.Remove(place);
        }
    }

    private bool IsOld(Kept page) => time.GetElapsedTime(page.ReadAt) >= page.Lifetime;

    private readonly record struct Place(string RoomId, MessageCursor? Before, MessageCursor? After, int Limit);

    private sealed record Kept(IReadOnlyList<Message> Messages, DateTimeOffset ProvenUntil, long ReadAt, TimeSpan Lifetime);
}
