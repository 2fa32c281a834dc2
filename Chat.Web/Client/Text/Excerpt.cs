using System.Text.RegularExpressions;

namespace Chat.Web.Client.Text;

/// <summary>A part of a found text, with the words that were looked for marked.</summary>
public static partial class Excerpt
{
    /// <summary>
    /// At most so many characters around the first word of the text that begins as a word of the query does; from the beginning where none does.
    /// What is cut off at an end is an ellipsis.
    /// </summary>
    /// <param name="text">Plain text.</param>
    /// <param name="query">As it was typed.</param>
    /// <param name="length">In characters, without the ellipses.</param>
    public static IReadOnlyList<(string Text, bool Hit)> Of(string text, string query, int length)
    {
        string[] wanted = [.. Word().Matches(query).Select(m => m.Value)];
        var hits = Word().Matches(text)
            .Select(word => (word.Index, Length: wanted.Where(w => word.Value.StartsWith(w, StringComparison.OrdinalIgnoreCase)).Select(w => w.Length).DefaultIfEmpty().Max()))
            .Where(hit => hit.Length > 0)
            .ToList();

        // A third of the room stands before the first word that was found.
        var from = hits.Count > 0 ? Math.Clamp(hits[0].Index - (length / 3), 0, Math.Max(0, text.Length - length)) : 0;
        var to = Math.Min(text.Length, from + length);
        from -= from > 0 && char.IsLowSurrogate(text[from]) ? 1 : 0;
        to -= to < text.Length && char.IsLowSurrogate(text[to]) ? 1 : 0;

        var pieces = new List<(string, bool)>();
        var done = from;
        foreach (var (index, size) in hits.Where(h => h.Index >= from && h.Index + h.Length <= to))
        {
            pieces.Add((text[done..index], false));
            pieces.Add((text[index..(index + size)], true));
            done = index + size;
        }

        pieces.Add((text[done..to], false));
        if (from > 0)
        {
            pieces[0] = ("…" + pieces[0].Item1, false);
        }

        if (to < text.Length)
        {
            pieces[^1] = (pieces[^1].Item1 + "…", false);
        }

        return [.. pieces.Where(p => p.Item1.Length > 0)];
    }

    [GeneratedRegex(@"[\p{L}\p{N}\p{M}]+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
