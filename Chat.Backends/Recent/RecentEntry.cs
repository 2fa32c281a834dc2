using System.Globalization;
using System.Text.Json;
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

    public static RecentEntry Of(Message message)
    {
        var json = Write(message with { Seq = 0, Epoch = "" });
        var at = json.IndexOf(Unnumbered, StringComparison.Ordinal);
        return at < 0
            ? throw new InvalidOperationException("A message's JSON has no number.")
            : new RecentEntry(json[..(at + Number.Length)], json[(at + Unnumbered.Length)..]);
    }

    public static string Write(Message message) => JsonSerializer.Serialize(message, ChatJson.Default.Message);

    /// <summary>Null for what is not a message: somebody else wrote it.</summary>
    public static Message? Read(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, ChatJson.Default.Message);
        }
        catch (JsonException)
        {
            RedisMetrics.Unreadable.Add(1);
            return null;
        }
    }

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The script's <c>seq|epoch|timestamp</c>.</summary>
    public static Appended ReadAnswer(bool duplicate, string answer)
    {
        var parts = answer.Split('|');
        return new Appended(
            duplicate,
            DateTimeOffset.Parse(parts[2], CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal),
            long.Parse(parts[0], CultureInfo.InvariantCulture),
            parts[1]);
    }
}
