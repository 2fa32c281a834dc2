using Chat.Backends.Search;
using Chat.Backends.Sqlite;
using Chat.Contracts;

namespace Chat.Backends.Archive;

public sealed partial class SqliteMessageArchive
{
    /// <summary>Words that a prefix stands for at most; a prefix that more share finds only the first in alphabetical order.</summary>
    private const int MaxExpansions = 32;

    /// <summary>Index seeks that one search may cost; a search that needs more ends with what it found (docs/archive.md).</summary>
    private const int MaxSeeks = 20_000;

    internal const string SeekAt =
        """
        SELECT timestamp, message_id FROM message_words
        WHERE word = $1 AND room_id = $2 AND (timestamp, message_id) <= ($3, $4) ORDER BY timestamp DESC, message_id DESC LIMIT 1
        """;

    internal const string SeekBefore =
        """
        SELECT timestamp, message_id FROM message_words
        WHERE word = $1 AND room_id = $2 AND (timestamp, message_id) < ($3, $4) ORDER BY timestamp DESC, message_id DESC LIMIT 1
        """;

    internal const string SeekExpansion = "SELECT word FROM message_words WHERE word > $1 AND word < $2 ORDER BY word LIMIT 1";

    public Task<IReadOnlyList<Message>> SearchAsync(MessageSearch search, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(search);
        return database.ReadAsync<IReadOnlyList<Message>>(
            Backend,
            session =>
            {
                var found = new List<Message>();
                foreach (var place in Find(session, search))
                {
                    if (found.Count == search.Limit)
                    {
                        break;
                    }

                    if (SqliteMessageRow.Find(session, place.Id) is { DeletedAt: null } message)
                    {
                        found.Add(message);
                    }
                }

                return found;
            },
            cancellationToken);
    }

    /// <summary>The places of the messages that match, newest first: of each room the next one, of those the newest.</summary>
    private static IEnumerable<Place> Find(SqliteSession session, MessageSearch search)
    {
        if (Terms(session, search) is not { } terms)
        {
            yield break;
        }

        var budget = MaxSeeks;
        var start = search.Before is { } before ? new Place(Time(before), before.Id) : new Place(long.MaxValue, "");
        var newest = new PriorityQueue<(string Room, Place Place), Place>(Comparer<Place>.Create((a, b) => b.CompareTo(a)));
        foreach (var room in search.RoomIds.Distinct(StringComparer.Ordinal))
        {
            Next(room, start);
        }

        while (newest.TryDequeue(out var match, out _))
        {
            yield return match.Place;
            Next(match.Room, match.Place);
        }

        void Next(string room, Place after)
        {
            if (NextMatch(session, terms, room, after, ref budget) is { } place)
            {
                newest.Enqueue((room, place), place);
            }
        }
    }

    /// <summary>
    /// The newest match older than the place. Leapfrog: each term's newest entry there is the place where the next term has to have one;
    /// one that has only an older one sets the place for all, until all agree.
    /// Costs no more than the rarest term has entries, times the terms.
    /// </summary>
    private static Place? NextMatch(SqliteSession session, List<IReadOnlyList<string>> terms, string room, Place from, ref int budget)
    {
        var agreed = 0;
        var seek = SeekBefore;
        for (var i = 0; agreed < terms.Count; i = (i + 1) % terms.Count)
        {
            Place? newest = null;
            foreach (var word in terms[i])
            {
                if (budget-- <= 0)
                {
                    return null;
                }

                if (session.First(seek, r => new Place(r.GetInt64(0), r.GetString(1)), word, room, from.Timestamp, from.Id) is { } place &&
                    (newest is null || place.CompareTo(newest) > 0))
                {
                    newest = place;
                }
            }

            if (newest is null)
            {
                return null;
            }

            agreed = newest == from ? agreed + 1 : 1;
            from = newest;
            seek = SeekAt;
        }

        return from;
    }

    /// <summary>A term is the words any of which will do. Null: a term has none, so nothing matches.</summary>
    private static List<IReadOnlyList<string>>? Terms(SqliteSession session, MessageSearch search)
    {
        List<string> words = [.. search.Words.SelectMany(word => Words.Of(word))];
        var terms = new List<IReadOnlyList<string>>();
        if (words.Count > 0)
        {
            terms.AddRange(words.SkipLast(1).Distinct(StringComparer.Ordinal).Select(word => (IReadOnlyList<string>)[word]));
            terms.Add(Expand(session, words[^1]));
        }

        if (search.From is { } sender)
        {
            terms.Add([SqliteMessageWords.From(sender)]);
        }

        return terms.Count == 0 || terms.Any(term => term.Count == 0) ? null : terms;
    }

    /// <summary>The prefix itself and the words that begin with it, each found by one seek past the one before.</summary>
    private static List<string> Expand(SqliteSession session, string prefix)
    {
        var words = new List<string> { prefix };
        var end = Words.PrefixEnd(prefix);
        while (words.Count < MaxExpansions && session.First(SeekExpansion, r => r.GetString(0), words[^1], end) is { } next)
        {
            words.Add(next);
        }

        return words;
    }

    /// <summary>A place in a room's order.</summary>
    private sealed record Place(long Timestamp, string Id) : IComparable<Place>
    {
        public int CompareTo(Place? other) =>
            other is null ? 1 : Timestamp != other.Timestamp ? Timestamp.CompareTo(other.Timestamp) : string.CompareOrdinal(Id, other.Id);
    }
}
