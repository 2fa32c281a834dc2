using Chat.Backends.Availability;
using Chat.Backends.Files;
using Chat.Backends.Saving;
using Chat.Backends.Sqlite;
using Chat.Contracts;
using Microsoft.Data.Sqlite;

namespace Chat.Backends.Archive;

public sealed partial class SqliteMessageArchive
{
    /// <summary>As much as MongoDB takes of one document, so that both refuse the same.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    internal const string FindKnown =
        """
        SELECT id FROM messages WHERE id IN (SELECT value FROM json_each($1))
        UNION ALL SELECT id FROM early_changes WHERE id IN (SELECT value FROM json_each($1))
        """;

    public async Task<IReadOnlyList<SaveResult>> SaveAsync(IReadOnlyList<SaveItem> items, CancellationToken cancellationToken)
    {
        try
        {
            return await database.WriteAsync<IReadOnlyList<SaveResult>>(Backend, session => SaveAll(session, items), cancellationToken);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SqliteErrors.TooBig)
        {
            // Nothing of it was written. Only now is it worth the price of a savepoint, which copies every page that an item changes.
            return await database.WriteAsync<IReadOnlyList<SaveResult>>(
                Backend, session => [.. items.Select(item => SaveApart(session, item))], cancellationToken);
        }
    }

    /// <summary>
    /// Saves a batch. One query finds the messages that are known, or that have changes which came early. The others, usually all, are
    /// inserted without another look.
    /// </summary>
    private static List<SaveResult> SaveAll(SqliteSession session, IReadOnlyList<SaveItem> items)
    {
        var known = session.Query(FindKnown, r => r.GetString(0), SqliteJson.Write(items.Select(MessageIdOf)))
            .ToHashSet(StringComparer.Ordinal);
        var results = new List<SaveResult>(items.Count);
        foreach (var item in items)
        {
            results.Add(known.Add(MessageIdOf(item)) && item is SaveMessage { Message: var message }
                ? TooLarge(message.Content) ?? Insert(session, message, early: null)
                : Save(session, item));
        }

        return results;
    }

    private static string MessageIdOf(SaveItem item) => item switch
    {
        SaveMessage { Message: var message } => message.Id,
        SaveChange { Change: var change } => change.Id,
        _ => throw new NotSupportedException(item.GetType().Name),
    };

    private static SaveResult Save(SqliteSession session, SaveItem item) => item switch
    {
        SaveMessage { Message: var message } => TooLarge(message.Content) ?? Save(session, message),
        SaveChange { Change: var change } => TooLarge((change as MessageEdited)?.Content) ?? Save(session, change),
        _ => throw new NotSupportedException(item.GetType().Name),
    };

    /// <summary>An item that is too large takes nothing of the others with it.</summary>
    private static SaveResult SaveApart(SqliteSession session, SaveItem item)
    {
        session.Execute("SAVEPOINT item");
        try
        {
            var saved = Save(session, item);
            session.Execute("RELEASE item");
            return saved;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SqliteErrors.TooBig)
        {
            session.Execute("ROLLBACK TO item");
            session.Execute("RELEASE item");
            return new SaveResult(SaveResultKind.Refused, "too large for the archive");
        }
    }

    private static SaveResult? TooLarge(string? content) =>
        content?.Length >= MaxBytes ? new SaveResult(SaveResultKind.Refused, "too large for the archive") : null;

    private static SaveResult Save(SqliteSession session, Message message)
    {
        if (SqliteMessageRow.Find(session, message.Id) is { } known)
        {
            return Replace(session, known, MessageMerge.Merge(known, message));
        }

        var early = SqliteMessageRow.FindEarly(session, message.Id, message.RoomId);
        session.Execute("DELETE FROM early_changes WHERE id = $1", message.Id);
        return Insert(session, message, early);
    }

    /// <param name="session">The file.</param>
    /// <param name="message">A message that the archive does not have.</param>
    /// <param name="early">What changes that came before it made of it; null when none came.</param>
    private static SaveResult Insert(SqliteSession session, Message message, Message? early)
    {
        // Merging with itself brings what was accepted into the one form that is stored.
        var merged = MessageMerge.Merge(message, early ?? message);
        SqliteMessageRow.Insert(session, merged);
        SqliteMessageWords.Replace(session, null, merged);
        return new SaveResult(SaveResultKind.Saved);
    }

    private static SaveResult Save(SqliteSession session, MessageChange change)
    {
        if (SqliteMessageRow.Find(session, change.Id) is { } known)
        {
            Removed(session, change);
            return Replace(session, known, MessageMerge.Apply(known, change));
        }

        Removed(session, change);
        var early = SqliteMessageRow.FindEarly(session, change.Id, change.RoomId) ?? SqliteMessageRow.Nothing(change);
        SqliteMessageRow.SaveEarly(session, MessageMerge.Apply(early, change));
        return new SaveResult(SaveResultKind.Saved);
    }

    /// <summary>Of that room only: a change that names another says nothing about the message.</summary>
    private static void Removed(SqliteSession session, MessageChange change)
    {
        if (change is MessageDeleted)
        {
            SqliteFiles.RemoveByMessage(session, change.RoomId, change.Id);
        }
    }

    private static SaveResult Replace(SqliteSession session, Message known, Message merged)
    {
        if (SqliteMessageRow.Values(known).AsSpan().SequenceEqual(SqliteMessageRow.Values(merged)))
        {
            return new SaveResult(SaveResultKind.Duplicate);
        }

        SqliteMessageRow.Update(session, merged);
        SqliteMessageWords.Replace(session, known, merged);
        return new SaveResult(SaveResultKind.Saved);
    }
}
