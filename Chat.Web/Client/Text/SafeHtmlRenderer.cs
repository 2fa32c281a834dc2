using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Renderers.Html.Inlines;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Chat.Web.Client.Text;

/// <summary>
/// Markdig's own renderer with four replaced: links go to http, https and mailto only and images become links; text
/// shows mentions and emoji; code is highlighted; raw HTML, should any parser ever produce it, is written as text.
/// </summary>
internal sealed class SafeHtmlRenderer(TextWriter writer, string? me) : HtmlRenderer(writer)
{
    public void Harden()
    {
        ObjectRenderers.Replace<LinkInlineRenderer>(new LinkRenderer());
        ObjectRenderers.Replace<AutolinkInlineRenderer>(new AutolinkRenderer());
        ObjectRenderers.Replace<LiteralInlineRenderer>(new LiteralRenderer(me));
        ObjectRenderers.Replace<CodeBlockRenderer>(new CodeRenderer());
        ObjectRenderers.Replace<HtmlBlockRenderer>(new HtmlAsText());
        ObjectRenderers.Replace<HtmlInlineRenderer>(new InlineHtmlAsText());
    }

    /// <summary>The address when it may be linked; null when not. Relative ones are refused: a message has no place to be relative to.</summary>
    internal static string? Safe(string? url)
    {
        var trimmed = url?.Trim() ?? "";
        return Uri.TryCreate(trimmed, UriKind.Absolute, out var uri) &&
            (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeMailto)
                ? trimmed
                : null;
    }

    private static void Open(HtmlRenderer renderer, string url)
    {
        renderer.Write("<a href=\"");
        renderer.WriteEscapeUrl(url);
        renderer.Write("\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">");
    }

    private sealed class LinkRenderer : HtmlObjectRenderer<LinkInline>
    {
        protected override void Write(HtmlRenderer renderer, LinkInline link)
        {
            var url = Safe(link.GetDynamicUrl?.Invoke() ?? link.Url);
            if (url is not null)
            {
                Open(renderer, url);
            }

            renderer.WriteChildren(link);
            if (url is not null)
            {
                if (link.FirstChild is null)
                {
                    renderer.WriteEscape(url);
                }

                renderer.Write("</a>");
            }
        }
    }

    private sealed class AutolinkRenderer : HtmlObjectRenderer<AutolinkInline>
    {
        protected override void Write(HtmlRenderer renderer, AutolinkInline link)
        {
            var url = Safe(link.IsEmail ? $"mailto:{link.Url}" : link.Url);
            if (url is not null)
            {
                Open(renderer, url);
            }

            renderer.WriteEscape(link.Url);
            if (url is not null)
            {
                renderer.Write("</a>");
            }
        }
    }

    private sealed class LiteralRenderer(string? me) : HtmlObjectRenderer<LiteralInline>
    {
        protected override void Write(HtmlRenderer renderer, LiteralInline literal)
        {
            var text = literal.Content.ToString();
            var before = literal.PreviousSibling is LiteralInline previous ? previous.Content.ToString() : "";
            foreach (var piece in MentionText.Pieces(EmojiShortcodes.Replace(text), before.Length > 0 ? before[^1] : ' '))
            {
                if (piece.Username is null)
                {
                    renderer.WriteEscape(piece.Text);
                    continue;
                }

                var mine = piece.Username == me || piece.Username == MentionText.Room;
                renderer.Write(mine ? "<span class=\"mention mention-me\" data-user=\"" : "<span class=\"mention\" data-user=\"");
                renderer.WriteEscape(piece.Username);
                renderer.Write("\">");
                renderer.WriteEscape(piece.Text);
                renderer.Write("</span>");
            }
        }
    }

    private sealed class CodeRenderer : HtmlObjectRenderer<CodeBlock>
    {
        protected override void Write(HtmlRenderer renderer, CodeBlock block)
        {
            renderer.EnsureLine();
            var language = CodeHighlighter.LanguageOf((block as FencedCodeBlock)?.Info);
            var code = block.Lines.ToString();
            renderer.Write(language is null ? "<pre><code>" : $"<pre><code class=\"language-{language}\">");
            foreach (var token in CodeHighlighter.Tokens(code, language))
            {
                if (token.Kind is { } kind)
                {
                    renderer.Write($"<span class=\"tok-{kind}\">");
                    renderer.WriteEscape(token.Text);
                    renderer.Write("</span>");
                }
                else
                {
                    renderer.WriteEscape(token.Text);
                }
            }

            renderer.WriteLine("</code></pre>");
        }
    }

    private sealed class HtmlAsText : HtmlObjectRenderer<HtmlBlock>
    {
        protected override void Write(HtmlRenderer renderer, HtmlBlock block) => renderer.WriteEscape(block.Lines.ToString());
    }

    private sealed class InlineHtmlAsText : HtmlObjectRenderer<HtmlInline>
    {
        protected override void Write(HtmlRenderer renderer, HtmlInline html) => renderer.WriteEscape(html.Tag);
    }
}
