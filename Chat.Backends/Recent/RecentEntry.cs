using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>
/// A message or a change as JSON around the place where the script writes its number: <c>Head</c> ends with <c>"seq":</c>, <c>Tail</c>
/// begins after the epoch. Inside a JSON string every quote is escaped, so the text between can be nowhere else.
/// </summary>
internal readonly record struct RecentEntry(string Head, string Tail)
{
    private const string Unnumbered = "\"seq\":0,\"epoch\":\"\"";
    private const string Number = "\"seq\":";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>No epoch begins later, as in <see cref="RedisScripts"/>.</summary>
    private const long LatestBegin = 0xf000_0000_0000;

    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    // Another program may have written the entry: a null where a value belongs is an error here, not later where it is used.
    private static readonly JsonSerializerOptions Strict = new(ChatJson.Default.Options) { RespectNullableAnnotations = true };
    private static readonly JsonTypeInfo<Message> StrictMessage = (JsonTypeInfo<Message>)Strict.GetTypeInfo(typeof(Message));
    private static readonly JsonTypeInfo<MessageChange> StrictChange =
        (JsonTypeInfo<MessageChange>)Strict.GetTypeInfo(typeof(MessageChange));

    public static RecentEntry Of(Message message) =>
        Split(JsonSerializer.Serialize(message with { Seq = 0, Epoch = "" }, ChatJson.Default.Message));

    public static RecentEntry Of(MessageChange change) =>
        Split(JsonSerializer.Serialize(change with { Seq = 0, Epoch = "" }, ChatJson.Default.MessageChange));

    /// <summary>The message's entry with its index among the messages of its epoch; without one where the entry had none.</summary>
    public static string Write(Message message, long? index)
    {
        var json = JsonSerializer.Serialize(message, ChatJson.Default.Message);
        var number = NumberOf(message);
        return index is null ? json : json.Insert(
            json.IndexOf(number, StringComparison.Ordinal) + number.Length,
            string.Create(CultureInfo.InvariantCulture, $",\"index\":{index}"));
    }

    /// <summary>The message's index among the messages of its epoch, from 1; null in an entry of a pod of an older version.</summary>
    public static long? IndexOf(Message message, string entry)
    {
        var number = $"{NumberOf(message)},\"index\":";
        var at = entry.IndexOf(number, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var rest = entry.AsSpan(at + number.Length);
        var digits = rest[..rest.IndexOfAny(",}")];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
    }

    /// <summary>Null for what is not a message of the room: somebody else wrote it.</summary>
    public static Message? Read(string roomId, string? json)
    {
        try
        {
            if (json is not null && JsonSerializer.Deserialize(json, StrictMessage) is { } message
                && message.RoomId == roomId
                && MessageId.IsWellFormed(message.Id)
                && message.Seq >= 0
                && (message.Epoch is "" || IsEpoch(message.Epoch))
                && HasNoNulls(message))
            {
                return message;
            }
        }
        catch (JsonException)
        {
            // Counted below.
        }

        RedisMetrics.Unreadable.Add(1);
        return null;
    }

    /// <summary>An entry <c>count|ms|JSON</c> of the list of changes. Null for what is not a numbered change of the room.</summary>
    public static LoggedChange? ReadChange(string roomId, string entry)
    {
        try
        {
            if (entry.Split('|', 3) is [var count, var ms, var json]
                && long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && TryReadMilliseconds(ms, out var at)
                && JsonSerializer.Deserialize(json, StrictChange) is { } change
                && change.RoomId == roomId
                && change.Seq > 0
                && IsEpoch(change.Epoch))
            {
                return new LoggedChange(number, at, change);
            }
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // Counted below.
        }

        RedisMetrics.Unreadable.Add(1);
        return null;
    }

    /// <summary>Unix milliseconds; false for what is no time.</summary>
    public static bool TryReadMilliseconds(string text, out DateTimeOffset time)
    {
        time = DateTimeOffset.MinValue;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms)
            || ms < DateTimeOffset.MinValue.ToUnixTimeMilliseconds() || ms > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        time = DateTimeOffset.FromUnixTimeMilliseconds(ms);
        return true;
    }

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>False for what <see cref="Time"/> does not write.</summary>
    public static bool TryReadTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out time);

    /// <summary>Whether the text is <c>{begin in ms, 12 hexadecimal digits}-{8 random ones}</c>; of this begin, if one is given.</summary>
    public static bool IsEpoch(string epoch, long? begin = null) =>
        BeginOf(epoch) is { } ms && ms <= LatestBegin && (begin is null || begin == ms);

    /// <summary>When the epoch began, in Unix milliseconds; null for what is not an epoch.</summary>
    public static long? BeginOf(string epoch) =>
        epoch is { Length: 21 } && epoch[12] == '-'
        && !epoch.AsSpan(0, 12).ContainsAnyExcept(Hexadecimal) && !epoch.AsSpan(13).ContainsAnyExcept(Hexadecimal)
            ? long.Parse(epoch.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : null;

    /// <summary>The script's <c>seq|epoch|timestamp</c>; null when it is not that.</summary>
    public static Appended? ReadAnswer(bool duplicate, string answer) =>
        answer.Split('|') is [var seq, var epoch, var time]
        && long.TryParse(seq, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && IsEpoch(epoch)
        && TryReadTime(time, out var timestamp)
            ? new Appended(duplicate, timestamp, number, epoch)
            : null;

    /// <summary>The script's <c>seq|epoch</c>; null when it is not that.</summary>
    public static MessageChange? ReadNumbered(MessageChange change, string answer) =>
        answer.Split('|') is [var seq, var epoch]
        && long.TryParse(seq, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && IsEpoch(epoch)
            ? change with { Seq = number, Epoch = epoch }
            : null;

    private static RecentEntry Split(string json)
    {
        var at = json.IndexOf(Unnumbered, StringComparison.Ordinal);
        return at < 0
            ? throw new InvalidOperationException("The JSON has no number.")
            : new RecentEntry(json[..(at + Number.Length)], json[(at + Unnumbered.Length)..]);
    }

    private static string NumberOf(Message message) =>
        string.Create(CultureInfo.InvariantCulture, $"\"seq\":{message.Seq},\"epoch\":\"{message.Epoch}\"");

    /// <summary>The serializer checks properties, not the elements of lists.</summary>
    private static bool HasNoNulls(Message message) =>
        !message.Mentions.Contains(null!)
        && message.Reactions.All(r => r?.Emoji is not null && r.Users?.Contains(null!) == false)
        && message.ReactionStates?.All(s => s?.Emoji is not null && s.Username is not null) != false
        && message.Attachments?.All(a => a is { Id: not null, Name: not null, ContentType: not null }) != false;
}

/// <summary>An entry of a room's list of changes.</summary>
/// <param name="Count">How many changes of the epoch were numbered with it; 1 is the first.</param>
/// <param name="At">When it was numbered, by the clock of Redis.</param>
/// <param name="Change">The change, with its number.</param>
internal sealed record LoggedChange(long Count, DateTimeOffset At, MessageChange Change);
