using Chat.Backends.Search;

namespace Chat.Backends.Sqlite;

/// <summary>
/// Every beginning of what something is called, the empty one included, as rows (prefix, name): what begins with a text is then one
/// range of the index, already in the names' order, and nothing is read that is not an answer.
/// </summary>
internal static class SqlitePrefixes
{
    /// <summary>Whole names are found with their punctuation (<c>a.b</c>); texts by each word.</summary>
    public static HashSet<string> Of(string name, string text)
    {
        var prefixes = new HashSet<string>(StringComparer.Ordinal) { "" };
        foreach (var word in Words.Of(name).Concat(Words.Of(text)).Append(Key(name)))
        {
            for (var length = 1; length <= word.Length; length++)
            {
                prefixes.Add(word[..length]);
            }
        }

        return prefixes;
    }

    /// <summary>What to look for when somebody types the text.</summary>
    public static string Key(string? typed)
    {
        var folded = Words.Fold(typed?.Trim() ?? "");
        return folded.Length <= Words.MaxLength ? folded : folded[..Words.MaxLength];
    }
}
