using System.Globalization;
using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>What a room's list of changes proves: see <see cref="RecentChanges"/>.</summary>
internal static class RecentChangesReader
{
    private const int Fields = 5;

    /// <summary>
    /// From the answer of <see cref="RedisScripts.ReadChanges"/>: epoch, begin, seq, changed, numbered, entries newest first. Null when one
    /// of the fields makes no sense. The entries count the changes of the epoch, so a missing one shows.
    /// </summary>
    public static RecentChanges? Read(string roomId, string wanted, long since, string[] answer)
    {
        var epoch = answer[0];
        if (!long.TryParse(answer[1], NumberStyles.None, CultureInfo.InvariantCulture, out var begin)
            || !(epoch is "" || RecentEntry.IsEpoch(epoch, begin))
            || !long.TryParse(answer[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            || ChangedNumbers.Read(answer[3], epoch) is not { } changed)
        {
            return null;
        }

        if (epoch is "" || epoch != wanted || since > seq)
        {
            return new RecentChanges([], seq, epoch, IsComplete: false);
        }

        var changes = new List<MessageChange>();
        var missing = changed.Count;
        foreach (var entry in answer.Skip(Fields))
        {
            if (missing == 0 || RecentEntry.ReadChange(roomId, entry) is not { } logged
                || logged.Count != missing || logged.Change.Epoch != epoch)
            {
                break;
            }

            if (logged.Change.Seq <= since)
            {
                missing = 0;
                break;
            }

            changes.Add(logged.Change);
            missing--;
        }

        changes.Reverse();
        // Where the first of them has the very next number, those that are not here have earlier ones.
        var all = since == seq || missing == 0 || (changes.Count > 0 && changes[0].Seq == since + 1);
        return new RecentChanges(changes, seq, epoch, IsComplete: all && answer[4] == epoch);
    }
}
