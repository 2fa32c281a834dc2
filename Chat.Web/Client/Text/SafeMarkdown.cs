using System.Net;
using Markdig;
using Markdig.Renderers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Chat.Web.Client.Text;

/// <summary>Markdown to HTML by Markdig, with nothing a message could use against its reader.</summary>
internal static class SafeMarkdown
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .DisableHtml()
        .UseEmphasisExtras(Markdig.Extensions.EmphasisExtras.EmphasisExtraOptions.Strikethrough)
        .UseAutoLinks()
        .UsePipeTables()
        .UseTaskLists()
        .UseSoftlineBreakAsHardlineBreak()
        .Build();

    /// <summary>Deeper than anybody writes; the renderer goes down a call for each, and the browser's stack is small.</summary>
    private const int MaxDepth = 64;

    public static string ToHtml(string content, string? me)
    {
        MarkdownDocument document;
        try
        {
            document = Markdown.Parse(content, Pipeline);
        }
        catch (ArgumentException)
        {
            // Markdig's answer to nesting without end.
            return Plain(content);
        }

        if (IsDeep(document))
        {
            return Plain(content);
        }

        using var writer = new StringWriter();
        var renderer = new SafeHtmlRenderer(writer, me);
        Pipeline.Setup(renderer);
        renderer.Harden();
        renderer.Render(document);
        writer.Flush();
        return writer.ToString();
    }

    /// <summary>The words without their marks, for where one line stands for a message.</summary>
    public static string ToText(string content)
    {
        try
        {
            var document = Markdown.Parse(content, Pipeline);
            if (!IsDeep(document))
            {
                using var writer = new StringWriter();
                var renderer = new HtmlRenderer(writer) { EnableHtmlForBlock = false, EnableHtmlForInline = false, EnableHtmlEscape = false };
                Pipeline.Setup(renderer);
                renderer.Render(document);
                return writer.ToString().Trim();
            }
        }
        catch (ArgumentException)
        {
            // Markdig's answer to nesting without end.
        }

        return content;
    }

    private static string Plain(string content) =>
        $"<p>{WebUtility.HtmlEncode(content).ReplaceLineEndings("\n").Replace("\n", "<br />\n", StringComparison.Ordinal)}</p>\n";

    private static bool IsDeep(MarkdownDocument document)
    {
        var open = new Stack<(MarkdownObject Node, int Depth)>();
        open.Push((document, 0));
        while (open.TryPop(out var next))
        {
            if (next.Depth > MaxDepth)
            {
                return true;
            }

            IEnumerable<MarkdownObject?> children = next.Node switch
            {
                ContainerBlock blocks => blocks,
                LeafBlock leaf => [leaf.Inline],
                ContainerInline inlines => inlines,
                _ => [],
            };
            foreach (var child in children)
            {
                if (child is not null)
                {
                    open.Push((child, next.Depth + 1));
                }
            }
        }

        return false;
    }
}
