using System.Security.Cryptography;
using System.Text;
using Chat.Manifests.Aspire;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Secrets;

/// <summary>
/// Makes the Secrets: values given by the caller, else values that exist, else generated ones by the manifest's rules. They go
/// to standard output and from there to the cluster; nothing of them is ever written to a file.
/// </summary>
public static class SecretValues
{
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digits = "0123456789";
    // Aspire's own set.
    private const string Special = "-_.{}~()*+!";

    /// <param name="topology">Which Secrets there are.</param>
    /// <param name="space">Their namespace.</param>
    /// <param name="given">Values by parameter name, as <c>mongo-password</c>.</param>
    /// <param name="existing">Values in the cluster, by Secret and key; kept unless given anew.</param>
    public static IEnumerable<V1Secret> Make(
        ChatTopology topology,
        string space,
        IReadOnlyDictionary<string, string> given,
        IReadOnlyDictionary<(string Secret, string Key), string> existing)
    {
        var keys = SecretRules.All(topology);
        foreach (var unknown in given.Keys.Except(keys.Select(k => k.Parameter)))
        {
            throw new ManifestException($"'{unknown}' is no secret of this topology; there are {string.Join(", ", keys.Select(k => k.Parameter))}.");
        }

        foreach (var secret in keys.GroupBy(k => k.Secret))
        {
            var data = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
            foreach (var key in secret)
            {
                var value = given.TryGetValue(key.Parameter, out var chosen) ? Checked(key.Parameter, chosen)
                    : existing.TryGetValue((key.Secret, key.Key), out var kept) ? kept
                    : Generate(key.Generate ?? throw new ManifestException(
                        $"The manifest does not say how '{key.Parameter}' is made; give it as --set {key.Parameter}=…"));
                data[key.Key] = Encoding.UTF8.GetBytes(value);
                if (key.HasUriForm)
                {
                    data[$"{key.Key}-uri"] = Encoding.UTF8.GetBytes(Uri.EscapeDataString(value));
                }
            }

            if (SecretRules.Username(topology, secret.Key) is { } user)
            {
                data[SecretRules.UsernameKey] = Encoding.UTF8.GetBytes(user);
            }

            yield return new V1Secret
            {
                ApiVersion = "v1",
                Kind = "Secret",
                // Not part of the tree, so no prune and no delete of a tier takes it along.
                Metadata = new V1ObjectMeta { Name = secret.Key, NamespaceProperty = space },
                Type = "Opaque",
                Data = data,
            };
        }
    }

    public static string Generate(AspireGenerate rule)
    {
        string[] sets = [.. new[] { (rule.Lower, Lower), (rule.Upper, Upper), (rule.Numeric, Digits), (rule.Special, Special) }
            .Where(s => s.Item1).Select(s => s.Item2)];
        if (sets.Length == 0)
        {
            throw new ManifestException("A generated value needs at least one class of characters.");
        }

        // One of each class asked for, the rest from all of them, in random order.
        var all = string.Concat(sets);
        var length = Math.Max(rule.MinLength, sets.Length);
        var characters = sets.Select(s => RandomNumberGenerator.GetItems<char>(s, 1)[0])
            .Concat(RandomNumberGenerator.GetItems<char>(all, length - sets.Length))
            .ToArray();
        RandomNumberGenerator.Shuffle<char>(characters);
        return new string(characters);
    }

    /// <summary>
    /// A password stands in Redis' connection string unescaped, between commas, and on a shell's command line: what would end it
    /// there is refused here, where somebody reads the refusal.
    /// </summary>
    private static string Checked(string parameter, string value) =>
        value.Length < 12 || value.Any(c => c is <= ' ' or > '~' or ',' or '=' or '"' or '\'' or '\\' or '$' or '`' or '*' or '?' or '[' or ';' or '&' or '|' or '<' or '>' or '(' or ')' or '#')
            ? throw new ManifestException($"'{parameter}' must have at least 12 characters: letters, digits, and none of the signs that connection strings and shells read.")
            : value;
}
