using System.Globalization;
using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>What a room's list proves: see <see cref="RecentWindow"/>.</summary>
internal static class RecentWindowReader
{
    private const int Fields = 8;

    /// <summary>
    /// From the answer of <see cref="RedisScripts.Read"/>: epoch, begin, seq, floor, trimmed, changed, numbered, oldest change, entries
    /// newest first. Null when one of the fields makes no sense; entries that are not messages are listed apart.
    /// <para>
    /// The proof: of the epoch's numbers, so many are changes, so the others are messages, and these have consecutive indexes. An entry of
    /// a pod of an older version has no index. It is known all the same where the entry's number is the one before that of the next newer
    /// message, or the room's newest number, or a number from before the epoch's first change. Otherwise nothing is claimed from there on.
    /// </para>
    /// </summary>
    public static RecentRead? Read(string roomId, string[] answer)
    {
        var epoch = answer[0];
        if (!long.TryParse(answer[1], NumberStyles.None, CultureInfo.InvariantCulture, out var begin)
            || !(epoch is "" || RecentEntry.IsEpoch(epoch, begin))
            || !long.TryParse(answer[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            || !RecentEntry.TryReadMilliseconds(answer[3], out var floor)
            || !TryReadTrimmed(answer[4], out var dropped)
            || ChangedNumbers.Read(answer[5], epoch) is not { } changed
            || changed.Count > seq)
        {
            return null;
        }

        var proven = new HashSet<string>(StringComparer.Ordinal);
        var byId = new Dictionary<string, Message>(StringComparer.Ordinal);
        var unreadable = new List<string>();
        var (expected, before) = (seq - changed.Count, seq);
        var unbroken = true;
        foreach (var entry in answer.Skip(Fields))
        {
            if (RecentEntry.Read(roomId, entry) is not { } message)
            {
                unreadable.Add(entry);
                continue;
            }

            var index = RecentEntry.IndexOf(message, entry)
                ?? (message.Seq == before ? expected : message.Seq < changed.First || changed.Count == 0 ? message.Seq : null);
            unbroken = unbroken && message.Epoch == epoch && index == expected;
            (expected, before) = (expected - 1, message.Seq - 1);
            if (unbroken)
            {
                proven.Add(message.Id);
            }

            // Sent again when its id was forgotten already: twice in the list, once for the reader.
            byId[message.Id] = byId.TryGetValue(message.Id, out var twin) ? MessageMerge.Merge(twin, message) : message;
        }

        var messages = byId.Values.Order(MessageMerge.Order).ToList();
        var from = messages.Count;
        while (from > 0 && messages[from - 1] is var earlier
            && proven.Contains(earlier.Id) && earlier.Timestamp >= floor && !(earlier.Timestamp <= dropped))
        {
            from--;
        }

        var window = new RecentWindow(messages, seq, epoch, from, Floor: floor, Dropped: dropped)
        {
            HasChanges = changed.Count > 0,
            ChangesFrom = changed.Count > 0 ? ChangesFrom(roomId, epoch, answer[7]) : null,
            AllChangesNumbered = epoch is not "" && answer[6] == epoch,
        };
        return new RecentRead(window, unreadable);
    }

    /// <summary>From which time on the list has every change; null where it has all of the epoch.</summary>
    private static DateTimeOffset? ChangesFrom(string roomId, string epoch, string oldest) =>
        oldest is "" || RecentEntry.ReadChange(roomId, oldest) is not { } first ? DateTimeOffset.MaxValue
        : first.Count == 1 || first.Change.Epoch != epoch ? null
        : first.At;

    private static bool TryReadTrimmed(string text, out DateTimeOffset? dropped)
    {
        dropped = RecentEntry.TryReadTime(text, out var time) ? time : null;
        return text is "" || dropped is not null;
    }
}

/// <summary>A room's window, and the list's entries that are not messages of the room.</summary>
internal sealed record RecentRead(RecentWindow Window, IReadOnlyList<string> Unreadable);
