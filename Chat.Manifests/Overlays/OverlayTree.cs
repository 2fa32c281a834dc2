using Chat.Manifests.Base;
using Chat.Manifests.Clusters;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;

namespace Chat.Manifests.Overlays;

/// <summary>
/// The tiers. <c>overlays/shared</c> is what all three have; a tier adds its sizes, scalers, budgets, flows and, in the
/// clustered one, the Redis Cluster in the place of the one Redis.
/// </summary>
public static class OverlayTree
{
    public static void Add(OutputTree tree, ChatTopology topology, GeneratorOptions options)
    {
        AddShared(tree, topology, options);
        foreach (var tier in options.Tiers)
        {
            AddTier(tree, tier, topology, options);
        }
    }

    private static void AddShared(OutputTree tree, ChatTopology topology, GeneratorOptions options)
    {
        var redis = topology.Backing(BackingKind.Redis);
        var rabbit = topology.Backing(BackingKind.RabbitMq);
        var mongo = topology.Backing(BackingKind.MongoDb);
        var folder = new OverlayFolder(tree, "overlays/shared");
        folder.Resource("namespace.yaml", BaseTree.Namespace(options));
        folder.Include([.. topology.Backings.Where(b => b != redis).Select(b => $"../../{b.Name}")]);
        folder.Include([.. topology.Projects.Select(p => $"../../{p.Name}")]);
        folder.Resource("ingress.yaml", [.. Ingresses.All(topology, options)]);
        folder.Resource($"{rabbit.Name}-config.yaml", [.. RabbitMqCluster.Resources(rabbit)]);
        folder.Patch($"patch-{rabbit.Name}.yaml", RabbitMqCluster.Patch(rabbit, options));
        folder.Patch($"patch-{mongo.Name}.yaml", MongoReplicaSet.Patch(mongo));
        if (options.MonitoringNamespace.Length > 0)
        {
            folder.Resource("monitoring.yaml", RabbitMqCluster.Monitor(rabbit), Monitoring.Monitor(topology, options));
            folder.Patch($"patch-{rabbit.Name}-nodes.yaml", RabbitMqCluster.MonitoredService(rabbit));
        }

        folder.Write(options);
    }

    private static void AddTier(OutputTree tree, Tier tier, ChatTopology topology, GeneratorOptions options)
    {
        var redis = topology.Backing(BackingKind.Redis);
        var mongo = topology.Backing(BackingKind.MongoDb);
        var folder = new OverlayFolder(tree, $"overlays/{tier.Name}");
        folder.Include("../shared");
        if (tier.Clustered)
        {
            folder.Resource("cache-cluster.yaml", [.. RedisCluster.Resources(redis, tier, options)]);
        }
        else
        {
            folder.Include($"../../{redis.Name}");
        }

        folder.Resource("mongo-members.yaml", [.. MongoReplicaSet.Members(mongo, tier)]);
        folder.Resource("autoscaling.yaml", [.. Autoscaling.All(topology, tier, options)]);
        folder.Resource("disruption.yaml", [.. Disruption.Budgets(topology, tier)]);
        folder.Resource("network.yaml", [.. NetworkRules.All(topology, tier, options)]);
        if (tier.Storage != Backings.ClaimSize)
        {
            folder.Resource("claims.yaml", [.. Claims.All(topology, tier, options)]);
        }

        foreach (var patch in TierPatches.All(topology, tier))
        {
            folder.Patch($"patch-{patch.Name}.yaml", patch.Document);
        }

        folder.Write(options);
    }
}
