using Chat.Manifests.Base;
using Chat.Manifests.Clusters;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Overlays;

/// <summary>
/// One pod of each at a time when nodes are drained. A server that runs alone has no budget: one that allowed nothing would
/// only block the drain for ever, and one that allows its only pod says nothing.
/// </summary>
public static class Disruption
{
    public static IEnumerable<V1PodDisruptionBudget> Budgets(ChatTopology topology, Tier tier)
    {
        foreach (var project in topology.Projects.Where(p => p.Name != "worker" || tier.Worker.Max > 1))
        {
            yield return Budget(project.Name);
        }

        if (tier.Clustered)
        {
            foreach (var backing in topology.Backings)
            {
                yield return Budget(backing.Kind == BackingKind.Redis ? RedisCluster.Name(backing) : backing.Name);
            }
        }
    }

    private static V1PodDisruptionBudget Budget(string name) => new()
    {
        ApiVersion = "policy/v1",
        Kind = "PodDisruptionBudget",
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new V1PodDisruptionBudgetSpec
        {
            MaxUnavailable = 1,
            Selector = Pods.Selector(name),
            // A pod that is broken anyway must not hold up the repair of its node.
            UnhealthyPodEvictionPolicy = "AlwaysAllow",
        },
    };
}
