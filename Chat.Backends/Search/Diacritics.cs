using System.Collections.Frozen;
using System.Text;

namespace Chat.Backends.Search;

/// <summary>
/// Lower-case letters with diacritics, and full-width forms, beside their plain letters: what Unicode's canonical decomposition gives
/// (UnicodeData.txt), and six letters with a stroke or without a dot that it does not take apart. A table, because without ICU
/// (InvariantGlobalization, chiseled images) .NET normalises nothing.
/// </summary>
internal static class Diacritics
{
    private const string Marked =
        "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįİıĵķĺļľłńņňō" +
        "ŏőŕŗřśŝşšţťŧũūŭůűųŵŷźżžơưǎǐǒǔǖǘǚǜǟǡǣǧǩǫǭǯǰǵǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȟȧȩ" +
        "ȫȭȯȱȳʹΐάέήίΰϊϋόύώϓϔйѐёѓїќѝўѷӂӑӓӗӛӝӟӣӥӧӫӭӯӱӳӵӹḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥ" +
        "ḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕẖẗẘẙẛạảấ" +
        "ầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧ" +
        "ἰἱἲἳἴἵἶἷὀὁὂὃὄὅὐὑὒὓὔὕὖὗὠὡὢὣὤὥὦὧὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣ" +
        "ᾤᾥᾦᾧᾰᾱᾲᾳᾴᾶᾷιῂῃῄῆῇῐῑῒΐῖῗῠῡῢΰῤῥῦῧῲῳῴῶῷ０１２３４５６７８９ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒ" +
        "ｓｔｕｖｗｘｙｚ";

    private const string Plain =
        "aaaaaaceeeeiiiinoooooouuuuyyaaaccccddeeeeegggghhiiiiiijkllllnnno" +
        "oorrrsssstttuuuuuuwyzzzouaiouuuuuaaægkooʒjgnaæøaaeeiioorruusthae" +
        "ooooyʹιαεηιυιυουωϒϒиеегікиуѵжааеәжзииоөэууучыabbbcdddddeeeeefghh" +
        "hhhiikkkllllmmmnnnnoooopprrrrsssssttttuuuuuvvwwwwwxxyzzzhtwyſaaa" +
        "aaaaaaaaaeeeeeeeeiioooooooooooouuuuuuuyyyyααααααααεεεεεεηηηηηηηη" +
        "ιιιιιιιιοοοοοουυυυυυυυωωωωωωωωααεεηηιιοουυωωααααααααηηηηηηηηωωωω" +
        "ωωωωαααααααιηηηηηιιιιιιυυυυρρυυωωωωω0123456789abcdefghijklmnopqr" +
        "stuvwxyz";

    private static readonly FrozenDictionary<char, char> Table =
        Marked.Zip(Plain).ToFrozenDictionary(pair => pair.First, pair => pair.Second);

    /// <summary>The plain letter of a lower-case one; null for a mark that stands alone after its letter.</summary>
    public static Rune? Without(Rune rune) =>
        rune.Value < 0x80 ? rune
        : IsMark(rune.Value) ? null
        : rune.IsBmp && Table.TryGetValue((char)rune.Value, out var plain) ? new Rune(plain)
        : rune;

    private static bool IsMark(int value) => value is
        (>= 0x0300 and <= 0x036F) or (>= 0x1AB0 and <= 0x1AFF) or (>= 0x1DC0 and <= 0x1DFF) or (>= 0x20D0 and <= 0x20FF) or
        (>= 0xFE20 and <= 0xFE2F) or // combining diacritical marks
        (>= 0x0591 and <= 0x05BD) or 0x05BF or 0x05C1 or 0x05C2 or 0x05C4 or 0x05C5 or 0x05C7 or // Hebrew points
        (>= 0x064B and <= 0x065F) or 0x0670; // Arabic vowel signs
}
