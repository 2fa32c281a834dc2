using System.Text.RegularExpressions;
using Chat.Contracts;

namespace Chat.Web.Client.Text;

/// <summary>
/// Who a text mentions: <c>@name</c> and <c>@room</c>, in order of appearance, each once. A username after an at sign
/// that does not follow a letter, a digit or another part of an address. The server decides who was mentioned; this shows
/// the same before it has answered.
/// </summary>
public static partial class MentionText
{
    /// <summary>Stands for everybody in the room.</summary>
    public const string Room = "room";

    public static IReadOnlyList<string> Find(string content) =>
        [.. Pieces(content).Select(p => p.Username).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>The text in pieces, in order; those with a username are mentions.</summary>
    /// <param name="text">Where to look.</param>
    /// <param name="before">The character before the text, where it is a part of something longer.</param>
    internal static IEnumerable<(string Text, string? Username)> Pieces(string text, char before = ' ')
    {
        var done = 0;
        foreach (Match match in Mention().Matches(text))
        {
            // A full stop or dash at the end ends the sentence, not the name.
            var name = match.Groups[1].Value.TrimEnd('.', '-', '_');
            if (name.Length is < Limits.UsernameMin or > Limits.UsernameMax || (match.Index == 0 && IsPartOfAddress(before)))
            {
                continue;
            }

            if (match.Index > done)
            {
                yield return (text[done..match.Index], null);
            }

            yield return ("@" + name, name.ToLowerInvariant());
            done = match.Index + 1 + name.Length;
        }

        if (done < text.Length)
        {
            yield return (text[done..], null);
        }
    }

    private static bool IsPartOfAddress(char c) => char.IsLetterOrDigit(c) || c is '.' or '_' or '@' or '/' or '-';

    [GeneratedRegex(@"(?<![\p{L}\p{N}._@/-])@([A-Za-z0-9._-]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Mention();
}
