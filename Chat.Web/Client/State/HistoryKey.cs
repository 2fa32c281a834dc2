using System.Globalization;
using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>
/// A place in a room's order. As a cursor of <c>before=</c> and <c>after=</c> it is written <c>{unix milliseconds}_{message id}</c>.
/// </summary>
public readonly record struct HistoryKey(DateTimeOffset Timestamp, string Id) : IComparable<HistoryKey>
{
    private static readonly string NoId = new('0', MessageId.Length);

    /// <summary>Before every message.</summary>
    public static HistoryKey Start { get; } = new(DateTimeOffset.UnixEpoch, NoId);

    /// <summary>After every message, those to come included.</summary>
    public static HistoryKey End { get; } = new(DateTimeOffset.MaxValue, "~");

    public static HistoryKey Of(Message message) => new(message.Timestamp, message.Id);

    /// <summary>The place of the first message that could have been sent at this time.</summary>
    public static HistoryKey At(DateTimeOffset time) => new(time < DateTimeOffset.UnixEpoch ? DateTimeOffset.UnixEpoch : time, NoId);

    public static bool operator <(HistoryKey a, HistoryKey b) => a.CompareTo(b) < 0;

    public static bool operator >(HistoryKey a, HistoryKey b) => a.CompareTo(b) > 0;

    public static bool operator <=(HistoryKey a, HistoryKey b) => a.CompareTo(b) <= 0;

    public static bool operator >=(HistoryKey a, HistoryKey b) => a.CompareTo(b) >= 0;

    public static HistoryKey Min(HistoryKey a, HistoryKey b) => a <= b ? a : b;

    public static HistoryKey Max(HistoryKey a, HistoryKey b) => a >= b ? a : b;

    public int CompareTo(HistoryKey other)
    {
        var byTime = Timestamp.CompareTo(other.Timestamp);
        return byTime != 0 ? byTime : string.CompareOrdinal(Id, other.Id);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Timestamp.ToUnixTimeMilliseconds()}_{Id}");
}
