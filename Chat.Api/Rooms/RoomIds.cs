using System.Security.Cryptography;
using System.Text;
using Chat.Backends.Search;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>Rooms' ids: readable slugs of names; of a direct room the hash of its people, so that there is exactly one.</summary>
internal static class RoomIds
{
    private const int SlugMax = 40;
    private const int Numbered = 5;

    public static string Direct(IEnumerable<string> usernames) =>
        "dm-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', usernames.Order(StringComparer.Ordinal)))).AsSpan(0, 12));

    /// <summary>What to try, in order: the slug, numbered a few times, then with something random.</summary>
    public static IEnumerable<string> Candidates(string name)
    {
        var slug = Slug(name);
        yield return slug;
        for (var n = 2; n <= Numbered; n++)
        {
            yield return $"{slug}-{n}";
        }

        for (var n = 0; n < Numbered; n++)
        {
            yield return $"{slug}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";
        }
    }

    /// <summary>Whether it can be one at all; others are not looked up.</summary>
    public static bool IsWellFormed(string id) =>
        id.Length is > 0 and <= Limits.RoomNameMax && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static string Slug(string name)
    {
        var slug = new StringBuilder();
        foreach (var c in Words.Fold(name))
        {
            if (slug.Length == SlugMax)
            {
                break;
            }

            if (char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))
            {
                slug.Append(c);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        var text = slug.ToString().TrimEnd('-');

        // Those beginning with dm- are the direct rooms'.
        return text.Length == 0 ? "room" : text.StartsWith("dm-", StringComparison.Ordinal) || text == "dm" ? "room-" + text : text;
    }
}
