using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>
/// A message as JSON around the place where the script writes its number: <c>Head</c> ends with <c>"seq":</c>, <c>Tail</c>
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
    private static readonly JsonTypeInfo<Message> Strict = (JsonTypeInfo<Message>)new JsonSerializerOptions(ChatJson.Default.Options)
    {
        RespectNullableAnnotations = true,
    }.GetTypeInfo(typeof(Message));

    public static RecentEntry Of(Message message)
    {
        var json = Write(message with { Seq = 0, Epoch = "" });
        var at = json.IndexOf(Unnumbered, StringComparison.Ordinal);
        return at < 0
            ? throw new InvalidOperationException("A message's JSON has no number.")
            : new RecentEntry(json[..(at + Number.Length)], json[(at + Unnumbered.Length)..]);
    }

    public static string Write(Message message) => JsonSerializer.Serialize(message, ChatJson.Default.Message);

    /// <summary>Null for what is not a message of the room: somebody else wrote it.</summary>
    public static Message? Read(string roomId, string? json)
    {
        try
        {
            if (json is not null && JsonSerializer.Deserialize(json, Strict) is { } message
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

    /// <summary>The serializer checks properties, not the elements of lists.</summary>
    private static bool HasNoNulls(Message message) =>
        !message.Mentions.Contains(null!)
        && message.Reactions.All(r => r?.Emoji is not null && r.Users?.Contains(null!) == false)
        && message.ReactionStates?.All(s => s?.Emoji is not null && s.Username is not null) != false
        && message.Attachments?.All(a => a is { Id: not null, Name: not null, ContentType: not null }) != false;
}
