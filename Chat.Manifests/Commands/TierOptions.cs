using System.Globalization;
using Chat.Manifests.Overlays;

namespace Chat.Manifests.Commands;

/// <summary>Applies <c>tier=value</c> arguments to the default tiers.</summary>
public static class TierOptions
{
    public static IReadOnlyList<Tier> Apply(IReadOnlyList<string> storage, IReadOnlyList<string> api, IReadOnlyList<string> worker)
    {
        var tiers = Tier.Defaults.ToDictionary(t => t.Name);
        Each(storage, (tier, size) => tier with { Storage = size });
        Each(api, (tier, bounds) => tier with { Api = Bounds(bounds) });
        Each(worker, (tier, bounds) => tier with { Worker = Bounds(bounds) });
        return [.. Tier.Defaults.Select(t => tiers[t.Name])];

        void Each(IReadOnlyList<string> arguments, Func<Tier, string, Tier> change)
        {
            foreach (var argument in arguments)
            {
                if (argument.Split('=') is not [var name, var value] || !tiers.TryGetValue(name, out var tier))
                {
                    throw new ManifestException($"'{argument}' is not of the form low=…, medium=… or high=….");
                }

                tiers[name] = change(tier, value);
            }
        }
    }

    private static Replicas Bounds(string text) =>
        text.Split("..") is [var min, var max]
        && int.TryParse(min, CultureInfo.InvariantCulture, out var low)
        && int.TryParse(max, CultureInfo.InvariantCulture, out var high)
        && 1 <= low && low <= high
            ? new Replicas(low, high)
            : throw new ManifestException($"'{text}' is not of the form 5..10.");
}
