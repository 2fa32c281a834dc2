using System.Globalization;
using System.Text;

namespace Chat.Backends.Search;

/// <summary>
/// What counts as a word when messages, people and rooms are searched, the same in every store: lower case, without diacritics,
/// split where neither letter nor digit stands; scripts that write no spaces (Han, Kana, Hangul) one word a character.
/// </summary>
public static class Words
{
    /// <summary>Different words kept of one message; what follows is not found by them. Bounds the index entries a message can cost.</summary>
    public const int MaxPerMessage = 200;

    /// <summary>Longer words are cut, in texts and in queries alike.</summary>
    public const int MaxLength = 32;

    /// <summary>The different words in order of appearance, at most <paramref name="max"/>.</summary>
    public static IReadOnlyList<string> Of(string? text, int max = MaxPerMessage)
    {
        if (string.IsNullOrEmpty(text))
        {
            return [];
        }

        var found = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var word = new StringBuilder(MaxLength);
        foreach (var rune in Fold(text).EnumerateRunes())
        {
            var single = IsUnspaced(rune.Value);
            if (single || !IsPartOfWord(rune))
            {
                Close();
                if (single)
                {
                    word.Append(rune.ToString());
                    Close();
                }
            }
            else if (word.Length + rune.Utf16SequenceLength <= MaxLength)
            {
                word.Append(rune.ToString());
            }

            if (found.Count >= max)
            {
                return found;
            }
        }

        Close();
        return found;

        void Close()
        {
            if (word.Length > 0 && found.Count < max && seen.Add(word.ToString()))
            {
                found.Add(word.ToString());
            }

            word.Clear();
        }
    }

    /// <summary>Lower case and without diacritics, otherwise as it is: É → e, ß stays. Half of a surrogate pair becomes U+FFFD, no letter.</summary>
    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Diacritics.Without(Rune.ToLowerInvariant(rune)) is { } plain)
            {
                folded.Append(plain.ToString());
            }
        }

        return folded.ToString();
    }

    /// <summary>
    /// The least string that no string with this prefix reaches: a prefix is the range from itself to this one in ordinal order.
    /// </summary>
    public static string PrefixEnd(string prefix) => prefix + char.ConvertFromUtf32(0x10FFFF);

    private static bool IsPartOfWord(Rune rune) =>
        Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static bool IsUnspaced(int value) => value is
        (>= 0x3040 and <= 0x30FF) or // Hiragana, Katakana
        (>= 0x3400 and <= 0x4DBF) or // Han, extension A
        (>= 0x4E00 and <= 0x9FFF) or // Han
        (>= 0xAC00 and <= 0xD7A3) or // Hangul syllables
        (>= 0xF900 and <= 0xFAFF) or // Han, compatibility
        (>= 0x20000 and <= 0x3FFFF); // Han, further extensions
}
