using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Chat.Contracts;

namespace Chat.Api.Messages;

/// <summary>What contents, client ids and emoji may be, and whom a content mentions.</summary>
internal static partial class MessageText
{
    /// <summary>Stands for everybody in the room.</summary>
    public const string Room = "room";

    public static bool IsContent(string? trimmed) => trimmed is { Length: >= 1 and <= Limits.ContentMax };

    public static bool IsClientId(string? clientId) =>
        clientId is { Length: >= 1 and <= Limits.ClientIdMax } && !clientId.Any(char.IsControl);

    /// <summary>One user-perceived character that is a symbol; letters, digits and spaces are none.</summary>
    public static bool IsEmoji(string? emoji) =>
        emoji is { Length: >= 1 and <= Limits.EmojiMax }
        && StringInfo.GetNextTextElementLength(emoji) == emoji.Length
        && emoji.EnumerateRunes().Any(r => r.Value > 0x7f
            && Rune.GetUnicodeCategory(r) is UnicodeCategory.OtherSymbol or UnicodeCategory.MathSymbol or UnicodeCategory.OtherPunctuation
                or UnicodeCategory.DashPunctuation or UnicodeCategory.EnclosingMark);

    /// <summary>In order of appearance. Members null: nobody can say now who is one; then every name counts.</summary>
    public static IReadOnlyList<string> Mentions(string content, IReadOnlyCollection<string>? members)
    {
        List<string>? found = null;
        foreach (Match match in Mention().Matches(content))
        {
            var name = match.Groups[1].Value.ToLowerInvariant();
            // "@alice." ends a sentence; names may have dots inside.
            while (name.Length > 0 && name != Room && members?.Contains(name) == false && name[^1] is '.' or '-' or '_')
            {
                name = name[..^1];
            }

            if ((name == Room || (name.Length >= Limits.UsernameMin && members?.Contains(name) != false)) && found?.Contains(name) != true)
            {
                (found ??= []).Add(name);
            }
        }

        return found ?? (IReadOnlyList<string>)[];
    }

    [GeneratedRegex(@"(?<![\w@/.-])@([a-z0-9._-]{3,32})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Mention();
}
