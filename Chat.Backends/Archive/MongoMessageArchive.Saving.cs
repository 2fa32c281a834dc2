using Chat.Backends.Availability;
using Chat.Backends.Database;
using Chat.Backends.Files;
using Chat.Backends.Saving;
using Chat.Contracts;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Archive;

/// <summary>
/// Saving: what is new is inserted in bulk, which is all there is to do nearly always. What is left – duplicates, changes –
/// is read, merged by <see cref="MessageMerge"/>, the one definition, and written if nobody else wrote meanwhile;
/// who lost that race merges again with what the winner wrote.
/// </summary>
public sealed partial class MongoMessageArchive
{
    /// <summary>Rounds of merging before it is somebody else's turn: each lost round means that another made progress.</summary>
    private const int MaxRounds = 50;

    /// <summary>MongoDB refuses larger documents.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    private readonly MilestoneCounter _counter = new();

    public Task<IReadOnlyList<SaveResult>> SaveAsync(IReadOnlyList<SaveItem> items, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items.Count == 0
            ? Task.FromResult<IReadOnlyList<SaveResult>>([])
            : gate.SaveAsync(
                async (c, token) =>
                {
                    var results = await SaveAsync(c, items, token);
                    await SetMilestonesAsync(c, items, results, token);
                    return results;
                },
                cancellationToken);
    }

    /// <summary>Sets the milestones that are due. Duplicates are not counted again.</summary>
    private async Task SetMilestonesAsync(
        MongoCollections collections, IReadOnlyList<SaveItem> items, IReadOnlyList<SaveResult> results, CancellationToken cancellationToken)
    {
        var due = _counter.Add(items.Where((_, i) => results[i].Kind == SaveResultKind.Saved).OfType<SaveMessage>().Select(s => s.Message));
        if (due.Count == 0)
        {
            return;
        }

        try
        {
            await MongoMilestones.AddAsync(collections, due, gate.UnreadScan, cancellationToken);
        }
        catch (MongoException)
        {
            // The messages are saved. Without this milestone a query reads a little more.
        }
    }

    private static async Task<IReadOnlyList<SaveResult>> SaveAsync(
        MongoCollections collections, IReadOnlyList<SaveItem> items, CancellationToken cancellationToken)
    {
        var results = new SaveResult[items.Count];
        var groups = items.Select((item, index) => (Item: item, Index: index, Id: IdOf(item)))
            .GroupBy(x => x.Id, StringComparer.Ordinal)
            .Select(g => new Group(g.Key, [.. g.Select(x => x.Item)], [.. g.Select(x => x.Index)]))
            .ToList();
        // Those with a message of their own begin as if nothing were stored: an insert finds out.
        var written = await WriteAsync(
            collections, [.. groups.Where(g => g.Items.Any(i => i is SaveMessage)).Select(g => (g, MongoMessageState.Nothing))], results, cancellationToken);
        var left = groups.Except(written).ToList();
        for (var round = 0; left.Count > 0; round++)
        {
            if (round == MaxRounds)
            {
                throw new ContentionException("Others kept writing the same messages.");
            }

            var known = await ReadAsync(collections, left, cancellationToken);
            written = await WriteAsync(
                collections, [.. left.Select(g => (g, MongoMessageState.Of(known.GetValueOrDefault(g.Id))))], results, cancellationToken);
            left = [.. left.Except(written)];
        }

        // After the deletions themselves: should this fail, the whole batch comes again.
        await MongoFiles.RemoveByMessagesAsync(
            collections, [.. items.OfType<SaveChange>().Select(i => i.Change).OfType<MessageDeleted>().Select(d => (d.RoomId, d.Id))], cancellationToken);
        return results;
    }

    private static async Task<Dictionary<string, MongoMessage>> ReadAsync(
        MongoCollections collections, List<Group> groups, CancellationToken cancellationToken)
    {
        var found = await collections.Messages.Find(Builders<MongoMessage>.Filter.In(m => m.Id, groups.Select(g => g.Id))).ToListAsync(cancellationToken);
        return found.ToDictionary(m => m.Id, StringComparer.Ordinal);
    }

    /// <summary>The groups that are done: written, already known, or refused. The others were written by somebody else meanwhile.</summary>
    private static async Task<List<Group>> WriteAsync(
        MongoCollections collections, List<(Group Group, MongoMessageState Known)> groups, SaveResult[] results, CancellationToken cancellationToken)
    {
        var done = new List<Group>();
        var writes = new List<(Group Group, WriteModel<MongoMessage> Model)>();
        foreach (var (group, known) in groups)
        {
            var state = known;
            var kinds = group.Items.Select(item =>
            {
                var next = state.With(item);
                var kind = ReferenceEquals(next, state) ? SaveResultKind.Duplicate : SaveResultKind.Saved;
                state = next;
                return kind;
            }).ToList();
            group.Kinds = kinds;
            if (ReferenceEquals(state, known))
            {
                Finish(group, results, done);
                continue;
            }

            var document = state.ToDocument(group.Id);
            if (WhyNot(document) is { } reason)
            {
                group.Reason = reason;
                Finish(group, results, done);
                continue;
            }

            writes.Add((group, known.Revision == 0
                ? new InsertOneModel<MongoMessage>(document)
                : new ReplaceOneModel<MongoMessage>(
                    Builders<MongoMessage>.Filter.Eq(m => m.Id, group.Id) & Builders<MongoMessage>.Filter.Eq(m => m.Revision, known.Revision), document)));
        }

        if (writes.Count > 0)
        {
            foreach (var group in await SendAsync(collections, writes, cancellationToken))
            {
                Finish(group, results, done);
            }
        }

        return done;
    }

    /// <summary>Those surely written. A bulk of replacements tells only how many found their revision: unless all did, they are checked.</summary>
    private static async Task<IEnumerable<Group>> SendAsync(
        MongoCollections collections, List<(Group Group, WriteModel<MongoMessage> Model)> writes, CancellationToken cancellationToken)
    {
        var failed = new HashSet<int>();
        BulkWriteResult<MongoMessage> result;
        try
        {
            result = await collections.Messages.BulkWriteAsync(
                writes.Select(w => w.Model), new BulkWriteOptions { IsOrdered = false }, cancellationToken);
        }
        catch (MongoBulkWriteException<MongoMessage> e)
            when (e.WriteConcernError is null && e.WriteErrors.Count > 0 && e.WriteErrors.All(ConcernsItem))
        {
            result = e.Result;
            foreach (var error in e.WriteErrors)
            {
                failed.Add(error.Index);
                if (MongoErrors.Classify(error.Code) == Verdict.WrongData && error.Code != MongoErrors.DuplicateKey)
                {
                    writes[error.Index].Group.Reason = error.Message;
                }
            }
        }

        var replacements = writes.Where((w, i) => w.Model is ReplaceOneModel<MongoMessage> && !failed.Contains(i)).Count();
        var allReplaced = result.MatchedCount == replacements;
        return writes
            .Where((w, i) => w.Group.Reason is not null || (!failed.Contains(i) && (allReplaced || w.Model is InsertOneModel<MongoMessage>)))
            .Select(w => w.Group);
    }

    /// <summary>
    /// The document cannot be stored, or somebody else wrote it meanwhile. A full disk or a missing permission is no fault of the
    /// document's.
    /// </summary>
    private static bool ConcernsItem(BulkWriteError error) => MongoErrors.Classify(error.Code) is Verdict.WrongData or Verdict.Contended;

    private static void Finish(Group group, SaveResult[] results, List<Group> done)
    {
        for (var i = 0; i < group.Items.Count; i++)
        {
            results[group.Indexes[i]] = group.Reason is { } reason
                ? new SaveResult(SaveResultKind.Refused, reason)
                : new SaveResult(group.Kinds[i]);
        }

        done.Add(group);
    }

    /// <summary>Tried here, each by itself: the driver would fail the whole batch for one that it cannot write.</summary>
    private static string? WhyNot(MongoMessage document)
    {
        try
        {
            return document.ToBson().Length > MaxBytes - 1024 ? "The message is larger than the archive takes." : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or BsonException)
        {
            // Half of a surrogate pair, for example.
            return $"The message cannot be written: {e.Message}";
        }
    }

    private static string IdOf(SaveItem item) => item switch
    {
        SaveMessage message => message.Message.Id,
        SaveChange change => change.Change.Id,
        _ => throw new NotSupportedException(item.GetType().Name),
    };

    /// <summary>All items of one message.</summary>
    private sealed class Group(string id, IReadOnlyList<SaveItem> items, IReadOnlyList<int> indexes)
    {
        public string Id => id;

        public IReadOnlyList<SaveItem> Items => items;

        public IReadOnlyList<int> Indexes => indexes;

        public List<SaveResultKind> Kinds { get; set; } = [];

        public string? Reason { get; set; }
    }
}
