using System.Globalization;

namespace Chat.Backends.Recent;

/// <summary>Which numbers of an epoch are changes, as the field <c>changed</c> says: see <see cref="RedisScripts"/>.</summary>
/// <param name="Count">How many.</param>
/// <param name="First">The first of them; 0 where there is none.</param>
internal sealed record ChangedNumbers(long Count, long First)
{
    private static readonly ChangedNumbers None = new(0, 0);

    /// <summary>From <c>epoch|count|first|ms</c>, which counts for its own epoch only. Null when the text makes no sense.</summary>
    public static ChangedNumbers? Read(string text, string epoch) =>
        text is "" ? None
        : text.Split('|') is not [var of, var count, var first, _]
            || !RecentEntry.IsEpoch(of)
            || !long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var begin) ? null
        : of == epoch ? new ChangedNumbers(number, begin)
        : None;
}
