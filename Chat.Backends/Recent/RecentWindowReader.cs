using System.Globalization;
using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>What a room's list proves: see <see cref="RecentWindow"/>.</summary>
internal static class RecentWindowReader
{
    /// <summary>From the answer of <see cref="RedisScripts.Read"/>: epoch, seq, floor, trimmed, entries newest first.</summary>
    public static RecentWindow Read(string[] answer)
    {
        var epoch = answer[0];
        var seq = long.Parse(answer[1], CultureInfo.InvariantCulture);
        var floor = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(answer[2], CultureInfo.InvariantCulture));
        DateTimeOffset? dropped = DateTimeOffset.TryParse(answer[3], CultureInfo.InvariantCulture, out var time) ? time : null;

        var proven = new HashSet<string>(StringComparer.Ordinal);
        var byId = new Dictionary<string, Message>(StringComparer.Ordinal);
        var expected = seq;
        var unbroken = true;
        foreach (var message in answer.Skip(4).Select(RecentEntry.Read).OfType<Message>())
        {
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
        while (from > 0 && proven.Contains(messages[from - 1].Id) && messages[from - 1].Timestamp >= floor && !(messages[from - 1].Timestamp <= dropped))
        {
            from--;
        }

        return new RecentWindow(messages, seq, epoch, from, Floor: floor, Dropped: dropped);
    }
}
