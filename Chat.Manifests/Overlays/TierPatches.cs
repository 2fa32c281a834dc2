using Chat.Manifests.Base;
using Chat.Manifests.Clusters;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Overlays;

/// <summary>What a tier changes in the base's workloads: sizes, members, where the clustered servers are.</summary>
public static class TierPatches
{
    public static IEnumerable<(string Name, object Document)> All(ChatTopology topology, Tier tier)
    {
        var redis = topology.Backing(BackingKind.Redis);
        var mongo = topology.Backing(BackingKind.MongoDb);
        foreach (var project in topology.Projects)
        {
            // All variables, not only the changed ones: kustomize puts a patch's before the others, and a value that stands
            // before the variables it names would stay unexpanded.
            var environment = tier.Clustered
                ? Pods.SecretEnvironment(project.Environment.Select(e => e with { Value = Rewrite(e.Value) }), [])
                : [];
            yield return (project.Name, Deployment(project, tier, environment));
        }

        foreach (var backing in topology.Backings.Where(b => !tier.Clustered || b != redis))
        {
            yield return (backing.Name, StatefulSet(backing, tier));
        }

        PodValue Rewrite(PodValue value) => MongoReplicaSet.Rewrite(RedisCluster.Rewrite(value, redis), mongo, tier);
    }

    private static V1Deployment Deployment(ProjectService project, Tier tier, List<V1EnvVar> environment) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = new V1ObjectMeta { Name = project.Name },
        Spec = new V1DeploymentSpec
        {
            Replicas = ReplicasOf(project.Name, tier),
            // Selector and template are required by the model; the merge takes them from the base.
            Template = new V1PodTemplateSpec
            {
                Spec = new V1PodSpec
                {
                    Containers =
                    [
                        new V1Container
                        {
                            Name = project.Name,
                            Env = environment.Count > 0 ? environment : null,
                            Resources = Pods.Resources(tier.SizeOf(project.Name)),
                        },
                    ],
                },
            },
        },
    };

    /// <summary>
    /// None where a scaler decides. Where it does not, the number is said, also when it is one: else what the scaler of a larger tier did
    /// would stay after the switch.
    /// </summary>
    private static int? ReplicasOf(string project, Tier tier) => project switch
    {
        "api" => null,
        "worker" => tier.Worker.Min == tier.Worker.Max ? tier.Worker.Min : null,
        _ => tier.Web,
    };

    private static V1StatefulSet StatefulSet(BackingService backing, Tier tier) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "StatefulSet",
        Metadata = new V1ObjectMeta { Name = backing.Name },
        Spec = new V1StatefulSetSpec
        {
            Replicas = tier.Members,
            Template = new V1PodTemplateSpec
            {
                Spec = new V1PodSpec
                {
                    Affinity = tier.Clustered ? Spreading.NeverTogether(backing.Name) : null,
                    TopologySpreadConstraints = tier.Clustered ? [Spreading.OverZones(backing.Name)] : null,
                    // Room for the wait in the broker's preStop.
                    TerminationGracePeriodSeconds = tier.Clustered && backing.Kind == BackingKind.RabbitMq ? RabbitMqCluster.ClusterGraceSeconds : null,
                    Containers =
                    [
                        new V1Container
                        {
                            Name = backing.Name,
                            Resources = Pods.Resources(tier.SizeOf(backing.Name)),
                            Lifecycle = tier.Clustered && backing.Kind == BackingKind.RabbitMq ? RabbitMqCluster.LeaveInOrder() : null,
                        },
                    ],
                },
            },
        },
    };
}
