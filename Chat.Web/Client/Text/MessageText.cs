namespace Chat.Web.Client.Text;

/// <summary>The HTML of a message's markdown: safe to insert as it is. Kept by content, so that a row drawn again costs nothing.</summary>
public sealed class MessageText
{
    private const int Kept = 2_000;
    private readonly Dictionary<(string, string?), string> _html = [];

    /// <summary>
    /// Mentions become <c>&lt;span class="mention" data-user="name"&gt;</c>, with <c>mention-me</c> for the reader and the room; code blocks
    /// carry <c>language-x</c> and spans with <c>tok-…</c>; links open elsewhere and tell nothing; images are links.
    /// </summary>
    /// <param name="content">The message's markdown.</param>
    /// <param name="me">The reader's username.</param>
    public string ToHtml(string content, string? me)
    {
        if (!_html.TryGetValue((content, me), out var html))
        {
            if (_html.Count >= Kept)
            {
                _html.Clear();
            }

            _html[(content, me)] = html = SafeMarkdown.ToHtml(content, me);
        }

        return html;
    }
}
