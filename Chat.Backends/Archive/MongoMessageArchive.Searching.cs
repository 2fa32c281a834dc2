using System.Text.RegularExpressions;
using Chat.Backends.Database;
using Chat.Contracts;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Archive;

/// <summary>
/// Searching: the rarest of the words selects, by index, at most so many messages of the rooms, the newest; what else is asked is looked at in
/// these alone. So no search reads more, however many messages have the words.
/// </summary>
public sealed partial class MongoMessageArchive
{
    /// <summary>MongoDB merges at most 200 ranges of an index in order; for more it would sort all that they hold.</summary>
    private const int RoomsSearchedAtOnce = 100;

    /// <summary>Words compared in how rare they are; the others are looked at all the same.</summary>
    private const int WordsCounted = 6;

    public Task<IReadOnlyList<Message>> SearchAsync(MessageSearch search, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(search);
        var words = search.Words.SelectMany(w => Search.Words.Of(w)).ToList();
        if (search.RoomIds.Count == 0 || words.Count == 0)
        {
            return Task.FromResult<IReadOnlyList<Message>>([]);
        }

        // The last word may be unfinished.
        var asked = words[..^1].Distinct(StringComparer.Ordinal)
            .Select(w => Where.Eq("words", w))
            .Append(Where.Regex("words", new BsonRegularExpression("^" + Regex.Escape(words[^1]))))
            .ToList();
        return gate.CallAsync<IReadOnlyList<Message>>(
            async (c, token) =>
            {
                var found = await Task.WhenAll(search.RoomIds.Chunk(RoomsSearchedAtOnce)
                    .Select(rooms => SearchAsync(c, Where.In(m => m.RoomId, rooms), asked, search, token)));
                return [.. found.SelectMany(m => m).OrderDescending(MessageMerge.Order).Take(search.Limit)];
            },
            cancellationToken);
    }

    private async Task<IEnumerable<Message>> SearchAsync(
        MongoCollections collections, FilterDefinition<MongoMessage> rooms, List<FilterDefinition<MongoMessage>> asked, MessageSearch search, CancellationToken token)
    {
        var among = rooms & Between(search.Before, null);
        var rest = Where.And(asked);
        if (search.From is { } sender)
        {
            rest &= Where.Eq(m => m.Sender, sender);
        }

        var counts = await Task.WhenAll(asked.TakeLast(WordsCounted).Select(async word => (Word: word, Count: await ScannedAsync(among & word))));
        var (rarest, count) = counts.MinBy(c => c.Count);
        var isPrefix = rarest == asked[^1];
        if (isPrefix && count > gate.SearchScan && asked.Count > 1)
        {
            (rarest, isPrefix) = (asked[0], false);
        }

        // One word's messages stand in the index in the order of their time. A prefix' do not: so they are sorted, all, where they are few; where
        // they are many the room's newest have some.
        var found = isPrefix
            ? count <= gate.SearchScan
                ? Aggregate("room_words").Match(among & rarest).Limit(gate.SearchScan).Match(rest).Sort(Backward)
                : Aggregate("room_order").Match(among).Sort(Backward).Limit(gate.SearchScan).Match(rest)
            : Aggregate("room_words").Match(among & rarest).Sort(Backward).Limit(gate.SearchScan).Match(rest);
        return (await found.Limit(search.Limit).ToListAsync(token)).Select(m => m.ToMessage()!);

        async Task<long> ScannedAsync(FilterDefinition<MongoMessage> filter) =>
            (await Aggregate("room_words").Match(filter).Limit(gate.SearchScan + 1).Count().FirstOrDefaultAsync(token))?.Count ?? 0;

        IAggregateFluent<MongoMessage> Aggregate(string index) =>
            collections.Messages.Aggregate(new AggregateOptions { Hint = collections.Hint(index), MaxTime = gate.Timeout });
    }
}
