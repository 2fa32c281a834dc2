using System.Text.RegularExpressions;

namespace Chat.Web.Client.Text;

/// <summary>The common emoji by name, as other chats name them: <c>:tada:</c>. For completion, the picker, and text.</summary>
public static partial class EmojiShortcodes
{
    /// <summary>The emoji of a name without colons; null when there is none.</summary>
    public static string? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>Those whose name begins so, then those whose name has a word that does.</summary>
    public static IReadOnlyList<EmojiName> Matching(string prefix, int limit) => [.. All
        .SelectMany(g => g.Emoji)
        .Where(e => e.Name.Contains(prefix, StringComparison.OrdinalIgnoreCase))
        .OrderByDescending(e => e.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        .ThenBy(e => e.Name.Length)
        .Take(limit)];

    /// <summary>The text with every known <c>:name:</c> as its emoji; not in code, nor within a word or a number.</summary>
    public static string Replace(string text) =>
        text.Contains(':') ? Shortcode().Replace(text, m => (m.Groups[1].Success ? Find(m.Groups[1].Value) : null) ?? m.Value) : text;

    // Code comes first, so that what looks like a name in it is a part of it: a fence to its end, or a span on one line.
    [GeneratedRegex(@"```[\s\S]*?(?:```|\z)|`[^`\n]+`|(?<![\p{L}\p{N}]):([a-z0-9_+-]{1,40}):(?![\p{L}\p{N}])", RegexOptions.CultureInvariant)]
    private static partial Regex Shortcode();
}

/// <summary>An emoji and its name without colons.</summary>
public readonly record struct EmojiName(string Name, string Emoji);

/// <summary>A tab of the picker; the name is a code for the pages' texts.</summary>
public sealed record EmojiGroup(string Name, IReadOnlyList<EmojiName> Emoji);
