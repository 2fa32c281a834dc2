using Chat.Manifests.Aspire;
using Chat.Manifests.Topology;

namespace Chat.Manifests.Secrets;

/// <summary>Everything that must be created once: the manifest's secret parameters, and what cluster members share with each other.</summary>
public static class SecretRules
{
    public const string UsernameKey = "username";

    public const string CookieKey = "erlang-cookie";

    public const string KeyfileKey = "keyfile";

    /// <summary>Letters and digits only: both files are taken literally by their readers.</summary>
    private static readonly AspireGenerate Plain = new(MinLength: 64, Special: false);

    public static IReadOnlyList<SecretKey> All(ChatTopology topology)
    {
        var shared = topology.Backings.SelectMany(b => b.Kind switch
        {
            BackingKind.RabbitMq => new[] { Shared(b, CookieKey) },
            BackingKind.MongoDb => [Shared(b, KeyfileKey)],
            _ => [],
        });
        return [.. topology.Secrets.Concat(shared).OrderBy(s => s.Secret, StringComparer.Ordinal).ThenBy(s => s.Key, StringComparer.Ordinal)];
    }

    /// <summary>The user's name stands beside the password for those who take both from one Secret (KEDA).</summary>
    public static string? Username(ChatTopology topology, string secret) => topology.Backings
        .Where(b => b.Secret == secret)
        .SelectMany(b => b.Environment)
        .FirstOrDefault(e => e.Value.IsPlain && (e.Name.EndsWith("_USER", StringComparison.Ordinal) || e.Name.EndsWith("USERNAME", StringComparison.Ordinal)))
        ?.Value.Plain;

    private static SecretKey Shared(BackingService backing, string key) =>
        new(backing.Secret, key, Plain) { Parameter = $"{backing.Name}-{key}" };
}
