using Chat.Manifests.Base;
using Chat.Manifests.Clusters;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Overlays;

/// <summary>
/// The claims of a tier whose volumes are larger than the StatefulSets' templates, which nobody can change later. They bear the
/// names that the StatefulSets look for, so new pods take them, and claims that exist are enlarged in place.
/// </summary>
public static class Claims
{
    public static IEnumerable<V1PersistentVolumeClaim> All(ChatTopology topology, Tier tier, GeneratorOptions options)
    {
        foreach (var backing in topology.Backings)
        {
            var redisCluster = tier.Clustered && backing.Kind == BackingKind.Redis;
            var set = redisCluster ? RedisCluster.Name(backing) : backing.Name;
            var members = redisCluster ? Tier.RedisClusterNodes : tier.Members;
            for (var i = 0; i < members; i++)
            {
                var claim = Backings.Claim($"{backing.Data.Name}-{set}-{i}", tier.Storage, options);
                claim.Metadata.Labels = Pods.App(set);
                yield return claim;
            }
        }
    }
}
