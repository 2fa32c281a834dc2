using Markdig;

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

    public static string ToHtml(string content, string? me)
    {
        var document = Markdown.Parse(content, Pipeline);
        using var writer = new StringWriter();
        var renderer = new SafeHtmlRenderer(writer, me);
        Pipeline.Setup(renderer);
        renderer.Harden();
        renderer.Render(document);
        writer.Flush();
        return writer.ToString();
    }
}
