using Chat.Web.Client.Text;

namespace Chat.Tests.Web;

public sealed class MessageTextTests
{
    private readonly MessageText _text = new();

    [Theory]
    [InlineData("well done :tada:", "well done 🎉")]
    [InlineData(":tada::tada:", "🎉🎉")]
    [InlineData("(:+1:)", "(👍)")]
    [InlineData("from 12:100:30 on, a:100:b", "from 12:100:30 on, a:100:b")]
    [InlineData("`:tada:` and :tada:", "`:tada:` and 🎉")]
    [InlineData("```\n:tada:\n```\n:tada:", "```\n:tada:\n```\n🎉")]
    [InlineData("```\n:tada: never closed", "```\n:tada: never closed")]
    [InlineData("no :such_emoji_at_all: here", "no :such_emoji_at_all: here")]
    public void Names_of_emoji_become_emoji_outside_of_code_and_words(string typed, string sent) =>
        Assert.Equal(sent, EmojiShortcodes.Replace(typed));

    [Theory]
    [InlineData("hello **bold** and `code`", "hello bold and code")]
    [InlineData("[a link](https://a.example)", "a link")]
    [InlineData("# Title\n\n- one\n- two", "Title\none\ntwo")]
    [InlineData("a < b & <b>c</b>", "a < b & <b>c</b>")]
    [InlineData("@bob, see ~~this~~", "@bob, see this")]
    public void In_one_line_a_message_is_its_words(string content, string text) =>
        Assert.Equal(text, SafeMarkdown.ToText(content).ReplaceLineEndings("\n"));

    [Theory]
    [InlineData("The Quick brown fox", "quick FO", "The [Quick] brown [fo]x")]
    [InlineData("nothing of it", "else", "nothing of it")]
    [InlineData("unquick, quick!", "quick", "unquick, [quick]!")]
    [InlineData("", "word", "")]
    public void What_was_looked_for_is_marked_where_words_begin(string text, string query, string marked) =>
        Assert.Equal(marked, string.Concat(Excerpt.Of(text, query, 100).Select(p => p.Hit ? $"[{p.Text}]" : p.Text)));

    [Fact]
    public void An_excerpt_of_a_long_text_is_of_the_place_that_was_found()
    {
        var text = string.Concat(Enumerable.Repeat("padding ", 100)) + "needle " + string.Concat(Enumerable.Repeat("after ", 100));

        var excerpt = Excerpt.Of(text, "needle", 60);

        var shown = string.Concat(excerpt.Select(p => p.Text));
        Assert.Contains(("needle", true), excerpt);
        Assert.StartsWith("…", shown, StringComparison.Ordinal);
        Assert.EndsWith("…", shown, StringComparison.Ordinal);
        Assert.Equal(62, shown.Length);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("a <img src=x onerror=alert(1)> b")]
    [InlineData("<svg/onload=alert(1)>")]
    [InlineData("<!-- --><iframe src=javascript:alert(1)>")]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt:alert(1))")]
    [InlineData("[x](java\tscript:alert(1))")]
    [InlineData("[x](&#106;avascript:alert(1))")]
    [InlineData("[x](  javascript:alert(1))")]
    [InlineData("[x](vbscript:msgbox)")]
    [InlineData("[x](data:text/html;base64,PHNjcmlwdD4=)")]
    [InlineData("![x](data:image/svg+xml;base64,PHN2Zz4=)")]
    [InlineData("![x](https://evil.example/track.png)")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("[x][y]\n\n[y]: javascript:alert(1)")]
    [InlineData("[x](https://a.example/\" onclick=\"alert(1))")]
    [InlineData("[x](https://a.example \"t\\\" onmouseover=\\\"alert(1)\")")]
    [InlineData("```\"><script>alert(1)</script>\nx\n```")]
    [InlineData("`<script>`")]
    [InlineData("@bob\"onclick=alert(1)")]
    [InlineData("| <script> |\n|---|\n| <b onclick=x> |")]
    [InlineData("[x](/logout) [y](//evil.example) [z](file:///etc/passwd)")]
    public void Nothing_in_a_message_becomes_a_script_or_a_request(string content)
    {
        var html = _text.ToHtml(content, "alice");

        // Parsed as a browser would: every tag that is really there, and every attribute of it.
        foreach (var tag in Tags(html))
        {
            Assert.Contains(tag.Name, Allowed);
            foreach (var (name, value) in tag.Attributes)
            {
                Assert.Contains(name, AllowedAttributes);
                if (name == "href")
                {
                    Assert.Matches("^(https?://|mailto:)", value);
                }
            }
        }
    }

    [Fact]
    public void Links_open_elsewhere_and_tell_nothing()
    {
        const string Link = "<a href=\"https://example.org/a?b=1&amp;c=2\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">";
        Assert.Contains(Link + "here</a>", _text.ToHtml("[here](https://example.org/a?b=1&c=2)", null), StringComparison.Ordinal);
        Assert.Contains(Link, _text.ToHtml("see https://example.org/a?b=1&c=2 now", null), StringComparison.Ordinal);
        Assert.Contains(Link, _text.ToHtml("<https://example.org/a?b=1&c=2>", null), StringComparison.Ordinal);
        Assert.Contains("href=\"mailto:a@b.example\"", _text.ToHtml("<a@b.example>", null), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_of_another_host_is_a_link_and_is_not_fetched()
    {
        var html = _text.ToHtml("![a cat](https://example.org/cat.png)", null);

        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.Contains("href=\"https://example.org/cat.png\"", html, StringComparison.Ordinal);
        Assert.Contains("a cat</a>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Mentions_emoji_and_code_are_told_apart()
    {
        var html = _text.ToHtml("hi @Bob. and @alice, @room :tada: mail a@bob.example `@bob :tada:`", "alice");

        Assert.Contains("<span class=\"mention\" data-user=\"bob\">@Bob</span>. and", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"mention mention-me\" data-user=\"alice\">@alice</span>", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"mention mention-me\" data-user=\"room\">@room</span>", html, StringComparison.Ordinal);
        Assert.Contains("🎉", html, StringComparison.Ordinal);
        Assert.Contains("a@bob.example", html, StringComparison.Ordinal);
        Assert.Contains("<code>@bob :tada:</code>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_blocks_carry_their_language_and_are_highlighted()
    {
        var html = _text.ToHtml("```csharp\nvar x = \"<b>\"; // why\n```", null);

        Assert.Equal(
            "<pre><code class=\"language-csharp\"><span class=\"tok-keyword\">var</span> x = <span class=\"tok-string\">&quot;&lt;b&gt;&quot;</span>; " +
            "<span class=\"tok-comment\">// why</span></code></pre>\n",
            html);
        Assert.Equal("<pre><code>var x;</code></pre>\n", _text.ToHtml("```\nvar x;\n```", null));
    }

    [Theory]
    [InlineData("hello @bob and @carol and @bob", "bob,carol")]
    [InlineData("@room!", "room")]
    [InlineData("write to a@bob.example", "")]
    [InlineData("@al", "")]
    [InlineData("(@bob) @dave.", "bob,dave")]
    [InlineData("https://x.example/@bob", "")]
    [InlineData("@Bob", "bob")]
    [InlineData("@abcdefghijklmnopqrstuvwxyz0123456789", "")]
    public void Mentions_are_found_where_a_person_is_meant(string content, string expected) =>
        Assert.Equal(expected, string.Join(',', MentionText.Find(content)));

    [Fact]
    public void A_line_break_in_a_message_is_a_line_break() =>
        Assert.Equal("<p>one<br />\ntwo</p>\n", _text.ToHtml("one\ntwo", null));

    [Fact]
    public void The_longest_message_made_to_be_slow_is_rendered_all_the_same()
    {
        foreach (var unit in new[] { "[", "![", "*a ", "> ", "`", "<", "- ", "|a", "@a", ":a", "((", "\\", "**_" })
        {
            var content = string.Concat(Enumerable.Repeat(unit, 4_000 / unit.Length));

            Assert.NotNull(_text.ToHtml(content, "alice"));
        }
    }

    private static readonly string[] Allowed =
    [
        "p", "br", "a", "em", "strong", "del", "code", "pre", "span", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
        "table", "thead", "tbody", "tr", "th", "td", "input",
    ];

    private static readonly string[] AllowedAttributes = ["href", "target", "rel", "class", "data-user", "disabled", "type", "checked", "start", "style"];

    private static IEnumerable<(string Name, (string, string)[] Attributes)> Tags(string html) =>
        System.Text.RegularExpressions.Regex.Matches(html, """<(?!/)([^\s/>]+)((?:\s+[^\s=>/]+(?:="[^"]*")?)*)\s*/?>?""")
            .Select(m => (m.Groups[1].Value, System.Text.RegularExpressions.Regex.Matches(m.Groups[2].Value, """([^\s=]+)(?:="([^"]*)")?""")
                .Select(a => (a.Groups[1].Value, a.Groups[2].Value)).ToArray()));
}
