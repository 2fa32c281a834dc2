using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Resources;
using Chat.Contracts;
using Chat.Web.Client.Resources;

namespace Chat.Tests.Web;

public sealed class TextTests
{
    [Fact]
    public void Every_text_is_there_and_none_that_nothing_shows()
    {
        var members = typeof(Texts).GetMembers(BindingFlags.Public | BindingFlags.Static).Select(m => m.Name).ToHashSet(StringComparer.Ordinal);
        var properties = typeof(Texts).GetProperties(BindingFlags.Public | BindingFlags.Static);
        var kept = new ResourceManager(typeof(Texts)).GetResourceSet(CultureInfo.InvariantCulture, createIfNotExists: true, tryParents: false)!
            .Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value);

        Assert.NotEmpty(properties);
        Assert.All(properties, p => Assert.False(string.IsNullOrWhiteSpace((string?)p.GetValue(null)), p.Name));
        // A text with several forms has one entry for each: Name_form.
        Assert.All(kept.Keys, name => Assert.Contains(name.Split('_')[0], members));
        Assert.All(properties, p => Assert.Contains(p.Name, kept.Keys));
    }

    [Fact]
    public void Every_refusal_says_something_and_none_says_its_placeholders()
    {
        var codes = typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!).Append("never_heard_of");

        Assert.All(codes, code => Assert.Matches("^[^{}]{10,}$", Texts.Problem(code)));
    }

    [Fact]
    public void Numbers_and_names_stand_where_they_belong()
    {
        Assert.Equal(["1 member", "12 members"], [Texts.MemberCount(1), Texts.MemberCount(12)]);
        Assert.Equal(["1 new message", "2 new messages"], [Texts.NewMessages(1), Texts.NewMessages(2)]);
        Assert.Equal(["a is typing…", "a and b are typing…", "Several people are typing…"], [Texts.Typing(["a"]), Texts.Typing(["a", "b"]), Texts.Typing(["a", "b", "c"])]);
        Assert.Equal(["12 B", "12 KB", "3.4 MB"], [Texts.Size(12), Texts.Size(12 * 1024), Texts.Size((long)(3.4 * 1024 * 1024))]);
        Assert.Equal(["Offline", "Offline – 3 unsent"], [Texts.WithUnsent(Texts.Offline, 0), Texts.WithUnsent(Texts.Offline, 3)]);
        Assert.Equal(["Chat", "(2) Chat"], [Texts.Title(0), Texts.Title(2)]);
        Assert.Equal("4,100 / 4,000", Texts.Length(4_100));
    }
}
