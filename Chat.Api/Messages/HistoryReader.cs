using Chat.Api.Refusals;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Recent;
using Chat.Contracts;
using Chat.ServiceDefaults;

namespace Chat.Api.Messages;

/// <summary>
/// Pages of a room's history. Redis alone answers where its window is proved whole; elsewhere window and archive are
/// merged by id. A page is complete only when nothing that was accepted can be missing from it: Redis proves the piece, or the archive
/// answered in time and is proved to have everything that the window may lack (<see cref="SaveWatermark"/>).
/// <para>
/// A page also has every change of its messages up to the number that it names. The archive may not have the newest ones yet, so what
/// was read from there is completed from the changes that Redis keeps, and is proved to have those that Redis no longer keeps.
/// </para>
/// </summary>
public sealed partial class HistoryReader(
    SharedReads reads,
    IRecentMessages recent,
    SavedPages pages,
    MessageLookup lookup,
    RoomClock clock,
    TimeProvider time,
    ILogger<HistoryReader> logger)
{
    private static readonly System.Diagnostics.Metrics.Counter<long> Incomplete = Telemetry.Meter.CreateCounter<long>("chat.history.incomplete");

    public async Task<Outcome<MessagePage>> ReadAsync(string roomId, string? before, string? after, int? limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > Limits.PageMax)
        {
            return Refuse.InvalidLimit;
        }

        if (before is not null && after is not null)
        {
            return Refuse.InvalidCursor;
        }

        // The window first: what is appended while the archive answers is then after the numbers that the page names.
        var window = await reads.ReadAsync(roomId, cancellationToken);
        if (window is { Messages: [.., { } newest] })
        {
            clock.Observe(roomId, newest.Timestamp);
        }

        MessageCursor? cursor = null;
        if ((before ?? after) is { } text)
        {
            var (resolved, refusal) = await ResolveAsync(roomId, text, window, cancellationToken);
            if (refusal is not null)
            {
                return refusal;
            }

            if (resolved is null)
            {
                Incomplete.Add(1);
                return new MessagePage([], before is not null, after is not null, window?.Seq ?? 0, window?.Epoch ?? "", Complete: false);
            }

            cursor = resolved;
        }

        var size = limit ?? Limits.PageDefault;
        return after is null
            ? await BackwardAsync(roomId, cursor, size, window, cancellationToken)
            : await ForwardAsync(roomId, cursor!.Value, size, window, cancellationToken);
    }

    private async Task<MessagePage> BackwardAsync(
        string roomId, MessageCursor? before, int size, RecentWindow? window, CancellationToken cancellationToken)
    {
        var proven = Proven(window).Where(m => before is null || before.Value.Compare(m) < 0).ToList();
        var reachesStart = window is { ReachesStart: true, ContiguousFrom: 0 };
        if (proven.Count >= size || (reachesStart && window!.Messages.Count > 0))
        {
            return Page([.. proven.TakeLast(size)], proven.Count > size || !reachesStart, before is not null, window, complete: true);
        }

        var (saved, complete) = await SavedAsync(roomId, before, null, size + 1, window, cancellationToken);
        var merged = Merge(window?.Messages.Where(m => before is null || before.Value.Compare(m) < 0), saved);
        var hasMore = merged.Count > size || saved is null;
        return Page([.. merged.TakeLast(size)], hasMore, before is not null, window, complete);
    }

    private async Task<MessagePage> ForwardAsync(
        string roomId, MessageCursor after, int size, RecentWindow? window, CancellationToken cancellationToken)
    {
        var proven = Proven(window);
        if (proven.Count > 0 && after.Compare(proven[0]) <= 0)
        {
            var following = proven.Where(m => after.Compare(m) > 0).ToList();
            return Page([.. following.Take(size)], hasMoreBefore: true, following.Count > size, window, complete: true);
        }

        var (saved, complete) = await SavedAsync(roomId, null, after, size + 1, window, cancellationToken);
        var merged = Merge(window?.Messages.Where(m => after.Compare(m) > 0), saved);
        if (saved?.Count > size)
        {
            // The archive has more than a page: what Redis has beyond what was read of it comes with a later page.
            var last = saved[^1];
            merged.RemoveAll(m => MessageMerge.Compare(m, last) > 0);
        }

        return Page([.. merged.Take(size)], after.Timestamp > DateTimeOffset.UnixEpoch, merged.Count > size, window, complete);
    }

    /// <summary>
    /// What was accepted before this time may be missing from the window, and from the changes beside it. In a burst Redis drops messages
    /// and changes, for later ones, that are still on their way to the archive.
    /// </summary>
    private DateTimeOffset NeededUntil(RecentWindow? window)
    {
        if (window is null or { Epoch: "" } || window.ChangesFrom == DateTimeOffset.MaxValue)
        {
            return time.GetUtcNow();
        }

        DateTimeOffset?[] needed = [window.Floor, window.Dropped + Acceptance.Usual, window.ChangesFrom + Acceptance.Usual];
        return needed.Max()!.Value;
    }

    /// <summary>
    /// What the archive has; null where it did not answer. Complete: with the window, nothing that was accepted is missing.
    /// </summary>
    private async Task<(IReadOnlyList<Message>? Saved, bool Complete)> SavedAsync(
        string roomId, MessageCursor? before, MessageCursor? after, int limit, RecentWindow? window, CancellationToken cancellationToken)
    {
        try
        {
            var (saved, complete) = await pages.ReadAsync(roomId, before, after, limit, NeededUntil(window), cancellationToken);
            if (saved.Count == 0 || window is not { HasChanges: true })
            {
                return (saved, complete);
            }

            var changes = await recent.FindChangesAsync(roomId, [.. saved.Select(m => m.Id)], cancellationToken);
            return (changes is null or [] ? saved : Apply(saved, changes), complete && changes is not null);
        }
        catch (Exception e) when (
            e is BackendUnavailableException or TimeoutException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogAway();
            return (null, false);
        }
    }

    /// <summary>Neither: it may be a message's id, and the store that would know is away.</summary>
    private async Task<(MessageCursor? Cursor, Refusal? Refusal)> ResolveAsync(
        string roomId, string text, RecentWindow? window, CancellationToken cancellationToken)
    {
        if (MessageCursors.TryParse(text) is { } cursor)
        {
            return (cursor, null);
        }

        if (!MessageId.IsWellFormed(text))
        {
            return (null, Refuse.InvalidCursor);
        }

        if (window?.Messages.FirstOrDefault(m => m.Id == text) is { } recently)
        {
            return (MessageCursor.Of(recently), null);
        }

        var (message, certain) = await lookup.FindAsync(roomId, text, cancellationToken);
        return message is not null ? (MessageCursor.Of(message), null) : (null, certain ? Refuse.InvalidCursor : null);
    }

    private static List<Message> Apply(IReadOnlyList<Message> messages, IReadOnlyList<MessageChange> changes)
    {
        var byMessage = changes.ToLookup(c => c.Id, StringComparer.Ordinal);
        return [.. messages.Select(m => byMessage[m.Id].Aggregate(m, MessageMerge.Apply))];
    }

    private static List<Message> Merge(IEnumerable<Message>? inRedis, IReadOnlyList<Message>? saved)
    {
        var merged = (saved ?? []).ToDictionary(m => m.Id);
        foreach (var message in inRedis ?? [])
        {
            merged[message.Id] = merged.TryGetValue(message.Id, out var other) ? MessageMerge.Merge(message, other) : message;
        }

        return [.. merged.Values.Order(MessageMerge.Order)];
    }

    private static List<Message> Proven(RecentWindow? window) => window is null ? [] : [.. window.Messages.Skip(window.ContiguousFrom)];

    private static MessagePage Page(
        IReadOnlyList<Message> messages, bool hasMoreBefore, bool hasMoreAfter, RecentWindow? window, bool complete)
    {
        if (!complete)
        {
            Incomplete.Add(1);
        }

        return new MessagePage(
            messages, hasMoreBefore, hasMoreAfter, window?.Seq ?? 0, window?.Epoch ?? "", complete, window?.AllChangesNumbered ?? false);
    }

    [LoggerMessage(1420, LogLevel.Warning, "A page of history is incomplete: the archive did not answer in time")]
    private partial void LogAway();
}
