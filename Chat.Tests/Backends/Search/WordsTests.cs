using Chat.Backends.Search;

namespace Chat.Tests.Backends.Search;

public sealed class WordsTests
{
    [Theory]
    [InlineData("The quick, brown-fox!", "the quick brown fox")]
    [InlineData("Çafé DÉJÀ vu Łódź ångström", "cafe deja vu lodz angstrom")]
    [InlineData("cafe\u0301", "cafe")]
    [InlineData("Größe ÆØ", "große æo")]
    [InlineData("東京 タワー", "東 京 タ ワ ー")]
    [InlineData("한국어 test", "한 국 어 test")]
    [InlineData("हिन्दी में", "हिन्दी में")]
    [InlineData("Ελλάδα ΆΣΜΑ", "ελλαδα ασμα")]
    [InlineData("ｆｕｌｌ１２", "full12")]
    [InlineData("a.b_c d-e 3.14", "a b c d e 3 14")]
    [InlineData("twice Twice TWICE", "twice")]
    [InlineData("😀 👍🏽 !?", "")]
    [InlineData("half \ud83d pair", "half pair")]
    [InlineData("", "")]
    public void A_text_has_these_words(string text, string words) => Assert.Equal(words, string.Join(' ', Words.Of(text)));

    [Fact]
    public void Words_are_bounded_in_number_and_length()
    {
        var many = Words.Of(string.Join(' ', Enumerable.Range(0, 1_000).Select(i => $"w{i}")));
        var longest = Assert.Single(Words.Of(new string('a', 5_000)));

        Assert.Equal((Words.MaxPerMessage, "w199"), (many.Count, many[^1]));
        Assert.Equal(Words.MaxLength, longest.Length);
    }

    [Fact]
    public void A_prefix_range_holds_what_begins_with_it_and_nothing_else()
    {
        var end = Words.PrefixEnd("te");

        Assert.All(new[] { "te", "tea", "te\uFFFD", "te東" }, word => Assert.True(InRange(word), word));
        Assert.All(new[] { "t", "td", "tf", "ue" }, word => Assert.False(InRange(word), word));

        bool InRange(string word) => string.CompareOrdinal(word, "te") >= 0 && CompareUtf8(word, end) < 0;

        // As the stores compare: by UTF-8 bytes.
        static int CompareUtf8(string a, string b) =>
            System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b));
    }
}
