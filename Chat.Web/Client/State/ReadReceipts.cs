using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>
/// Who has read up to where, under one's own messages: each reader stands under the newest of them that they have read. Only in direct
/// rooms and small groups; in larger ones it would say little and tell much.
/// </summary>
public static class ReadReceipts
{
    /// <summary>Members, the reader included, of the largest room that shows receipts.</summary>
    public const int MaxMembers = 10;

    /// <summary>One's own newest messages that are looked at.</summary>
    private const int MaxMessages = 50;

    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> None = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>By message id: usernames in the members' order.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Of(RoomState room, IReadOnlyList<TimelineItem> items, string? me)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(items);
        if (room.Members is not { Count: > 1 and <= MaxMembers } members || me is null)
        {
            return None;
        }

        var own = new List<Message>();
        for (var i = items.Count - 1; i >= 0 && own.Count < MaxMessages; i--)
        {
            if (items[i] is { State: SendState.Sent } item && item.Message.Sender == me)
            {
                own.Add(item.Message);
            }
        }

        return members.Where(m => m.Username != me)
            .Select(m => (m.Username, Message: own.Find(message => room.HasRead(m.Username, message))))
            .Where(r => r.Message is not null)
            .GroupBy(r => r.Message!.Id, r => r.Username, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g], StringComparer.Ordinal);
    }
}
