using System.Globalization;
using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>What a room's list proves: see <see cref="RecentWindow"/>.</summary>
internal static class RecentWindowReader
{
    private const int Fields = 5;

    /// <summary>
    /// From the answer of <see cref="RedisScripts.Read"/>: epoch, begin, seq, floor, trimmed, entries newest first. Null when one of the
    /// fields makes no sense; entries that are not messages are listed apart.
    /// </summary>
    public static RecentRead? Read(string roomId, string[] answer)
    {
        var epoch = answer[0];
        if (!long.TryParse(answer[1], NumberStyles.None, CultureInfo.InvariantCulture, out var begin)
            || !(epoch is "" || RecentEntry.IsEpoch(epoch, begin))
            || !long.TryParse(answer[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            || !TryReadFloor(answer[3], out var floor)
            || !TryReadTrimmed(answer[4], out var dropped))
        {
            return null;
        }

        var proven = new HashSet<string>(StringComparer.Ordinal);
        var byId = new Dictionary<string, Message>(StringComparer.Ordinal);
        var unreadable = new List<string>();
        var expected = seq;
        var unbroken = true;
        foreach (var entry in answer.Skip(Fields))
        {
            if (RecentEntry.Read(roomId, entry) is not { } message)
            {
                unreadable.Add(entry);
                continue;
            }

            unbroken = unbroken && message.Epoch == epoch && message.Seq == expected;
            expected--;
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

        return new RecentRead(new RecentWindow(messages, seq, epoch, from, Floor: floor, Dropped: dropped), unreadable);
    }

    private static bool TryReadFloor(string text, out DateTimeOffset floor)
    {
        floor = DateTimeOffset.MinValue;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms)
            || ms < DateTimeOffset.MinValue.ToUnixTimeMilliseconds() || ms > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        floor = DateTimeOffset.FromUnixTimeMilliseconds(ms);
        return true;
    }

    private static bool TryReadTrimmed(string text, out DateTimeOffset? dropped)
    {
        dropped = RecentEntry.TryReadTime(text, out var time) ? time : null;
        return text is "" || dropped is not null;
    }
}

/// <summary>A room's window, and the list's entries that are not messages of the room.</summary>
internal sealed record RecentRead(RecentWindow Window, IReadOnlyList<string> Unreadable);
