using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Chat.Web.Client.Text;

/// <summary>
/// Comments, strings, numbers and keywords of common languages, told apart by one expression per family: enough to read a
/// snippet in a chat by, without a grammar for each. Kinds: <c>comment</c>, <c>string</c>, <c>number</c>, <c>keyword</c>.
/// </summary>
internal static partial class CodeHighlighter
{
    private const int MaxLength = 20_000;

    private static readonly FrozenDictionary<string, (Func<Regex> Tokens, FrozenSet<string> Keywords)> Languages = Build();

    /// <summary>The language's name when it is one we write into a class; null for what is not a plain word.</summary>
    public static string? LanguageOf(string? info)
    {
        var name = info?.Trim().Split(' ')[0].ToLowerInvariant() ?? "";
        return name.Length is > 0 and <= 20 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '#' or '-') ? name : null;
    }

    public static IEnumerable<(string Text, string? Kind)> Tokens(string code, string? language)
    {
        if (language is null || code.Length > MaxLength || !Languages.TryGetValue(language, out var known))
        {
            yield return (code, null);
            yield break;
        }

        var done = 0;
        foreach (Match match in known.Tokens().Matches(code))
        {
            var kind = match.Groups["comment"].Success ? "comment"
                : match.Groups["string"].Success ? "string"
                : match.Groups["number"].Success ? "number"
                : known.Keywords.Contains(match.Value) ? "keyword"
                : null;
            if (kind is null)
            {
                continue;
            }

            if (match.Index > done)
            {
                yield return (code[done..match.Index], null);
            }

            yield return (match.Value, kind);
            done = match.Index + match.Length;
        }

        if (done < code.Length)
        {
            yield return (code[done..], null);
        }
    }

    private static FrozenDictionary<string, (Func<Regex>, FrozenSet<string>)> Build()
    {
        var all = new Dictionary<string, (Func<Regex>, FrozenSet<string>)>(StringComparer.Ordinal);
        void Add(string names, Func<Regex> tokens, string keywords)
        {
            var set = keywords.Split(' ').ToFrozenSet(names.StartsWith("sql", StringComparison.Ordinal) ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
            foreach (var name in names.Split(' '))
            {
                all[name] = (tokens, set);
            }
        }

        Add("cs csharp c# java kotlin kt scala swift c cpp c++ h go rust rs dart php", CLike,
            "abstract as async await base bool break byte case catch char class const continue decimal default defer delegate do double else enum " +
            "event explicit extern false final finally fixed float fn for foreach func fun go goto if impl implements import in int interface internal " +
            "is let lock long map match mod mut namespace new nil null object operator out override package params private protected pub public readonly " +
            "record ref return sealed self short sizeof static string struct super switch this throw trait true try type typeof uint ulong using val var " +
            "virtual void volatile when where while with yield");
        Add("js javascript ts typescript jsx tsx json", CLike,
            "any as async await boolean break case catch class const continue debugger default delete do else enum export extends false finally for from " +
            "function if implements import in instanceof interface let new null number of private protected public readonly return static string super " +
            "switch this throw true try type typeof undefined unknown var void while with yield");
        Add("py python rb ruby sh bash shell yaml yml toml dockerfile ps1 powershell", HashLike,
            "and as assert async await begin break case class continue def del do done elif else elsif end esac except export False false fi finally for from " +
            "function global if import in is lambda module local nil None nonlocal not null or pass raise rescue return self then True true try unless " +
            "until when while with yield");
        Add("sql", SqlLike,
            "add all alter and as asc begin between by case check column commit constraint create delete desc distinct drop else end exists foreign from full " +
            "group having in index inner insert into is join key left like limit not null offset on or order outer primary references right rollback select " +
            "set table then union unique update values view when where with");
        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }

    [GeneratedRegex("""(?<comment>//[^\n]*|/\*[\s\S]*?(?:\*/|$))|(?<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?)|(?<number>\b\d[\w.]*)|[A-Za-z_]\w*""", RegexOptions.CultureInvariant)]
    private static partial Regex CLike();

    [GeneratedRegex("""(?<comment>#[^\n]*)|(?<string>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\\n])*'?)|(?<number>\b\d[\w.]*)|[A-Za-z_]\w*""", RegexOptions.CultureInvariant)]
    private static partial Regex HashLike();

    [GeneratedRegex("""(?<comment>--[^\n]*|/\*[\s\S]*?(?:\*/|$))|(?<string>'(?:''|[^'])*'?)|(?<number>\b\d[\w.]*)|[A-Za-z_]\w*""", RegexOptions.CultureInvariant)]
    private static partial Regex SqlLike();
}
