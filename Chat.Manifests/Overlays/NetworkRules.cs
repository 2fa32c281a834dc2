using Chat.Manifests.Base;
using Chat.Manifests.Clusters;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Overlays;

/// <summary>
/// Nothing passes but what the topology has: a default deny, name resolution, and one policy a workload made from the manifest's
/// references. Probes come from the kubelet on the pod's own node, which network plugins let through.
/// </summary>
public static class NetworkRules
{
    private const string NamespaceName = "kubernetes.io/metadata.name";

    public static IEnumerable<V1NetworkPolicy> All(ChatTopology topology, Tier tier, GeneratorOptions options)
    {
        yield return Policy("default-deny", new V1LabelSelector(), [], []);
        yield return Policy("allow-dns", new V1LabelSelector(), null,
        [
            new V1NetworkPolicyEgressRule
            {
                To = [Elsewhere("kube-system", new() { ["k8s-app"] = "kube-dns" })],
                Ports = [Port(53, "UDP"), Port(53)],
            },
        ]);

        var flows = Flows(topology, tier).ToList();
        var workloads = flows.SelectMany(f => new[] { f.From, f.To }).Concat(topology.Projects.Select(p => p.Name))
            .Distinct().Order(StringComparer.Ordinal);
        foreach (var workload in workloads)
        {
            yield return Workload(workload, flows, topology, tier, options);
        }
    }

    /// <summary>The topology's own flows, with clustered servers in their places, and what cluster members say to each other.</summary>
    public static IEnumerable<Flow> Flows(ChatTopology topology, Tier tier)
    {
        var redis = topology.Backing(BackingKind.Redis);
        var mongo = topology.Backing(BackingKind.MongoDb);
        foreach (var flow in topology.Flows)
        {
            yield return tier.Clustered && flow.To == redis.Name ? flow with { To = RedisCluster.Name(redis) } : flow;
        }

        yield return new Flow(MongoReplicaSet.MembersName(mongo), mongo.Name, mongo.Port("tcp").Port);
        if (tier.Clustered)
        {
            foreach (var flow in RedisCluster.Flows(redis).Concat(RabbitMqCluster.Flows(topology.Backing(BackingKind.RabbitMq))).Concat(MongoReplicaSet.Flows(mongo)))
            {
                yield return flow;
            }
        }
    }

    private static V1NetworkPolicy Workload(string name, List<Flow> flows, ChatTopology topology, Tier tier, GeneratorOptions options)
    {
        var ingress = flows.Where(f => f.To == name).GroupBy(f => f.From).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new V1NetworkPolicyIngressRule { FromProperty = [Here(g.Key)], Ports = Ports(g) }).ToList();
        var egress = flows.Where(f => f.From == name).GroupBy(f => f.To).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new V1NetworkPolicyEgressRule { To = [Here(g.Key)], Ports = Ports(g) }).ToList();

        if (topology.Projects.Any(p => p.Name == name && (p.External || p.Name == "api")))
        {
            ingress.Add(From(Elsewhere(options.IngressNamespace, new() { ["app.kubernetes.io/name"] = "ingress-nginx" }), ProjectService.HttpPort));
        }

        if (Monitoring.Scraped(topology, options).Any(p => p.Name == name))
        {
            ingress.Add(From(Elsewhere(options.MonitoringNamespace, null), ProjectService.HttpPort));
        }

        var rabbit = topology.Backing(BackingKind.RabbitMq);
        if (name == rabbit.Name)
        {
            if (tier.Worker.Min != tier.Worker.Max)
            {
                ingress.Add(From(Elsewhere(options.KedaNamespace, new() { ["app.kubernetes.io/name"] = "keda-operator" }), rabbit.Port("management").Port));
            }

            if (options.MonitoringNamespace.Length > 0)
            {
                ingress.Add(From(Elsewhere(options.MonitoringNamespace, null), RabbitMqCluster.PrometheusPort));
            }

            if (RabbitMqCluster.AsksKubernetes(rabbit))
            {
                // The API server has no label to select; its address differs from cluster to cluster.
                egress.Add(new V1NetworkPolicyEgressRule { Ports = [Port(443), Port(6443)] });
            }
        }

        if (options.Otlp.Length > 0 && topology.Projects.Any(p => p.Name == name))
        {
            var collector = new Uri(options.Otlp);
            var space = collector.Host.Split('.') is [_, var second, ..] ? second : throw new ManifestException($"{options.Otlp} must name service.namespace.");
            egress.Add(new V1NetworkPolicyEgressRule { To = [Elsewhere(space, null)], Ports = [Port(collector.Port)] });
        }

        return Policy(name, Pods.Selector(name), ingress, egress);
    }

    private static V1NetworkPolicy Policy(
        string name, V1LabelSelector pods, List<V1NetworkPolicyIngressRule>? ingress, List<V1NetworkPolicyEgressRule>? egress) => new()
        {
            ApiVersion = "networking.k8s.io/v1",
            Kind = "NetworkPolicy",
            Metadata = new V1ObjectMeta { Name = name },
            Spec = new V1NetworkPolicySpec
            {
                PodSelector = pods,
                PolicyTypes = ingress is null ? ["Egress"] : egress is null ? ["Ingress"] : ["Ingress", "Egress"],
                Ingress = ingress is { Count: > 0 } ? ingress : null,
                Egress = egress is { Count: > 0 } ? egress : null,
            },
        };

    private static V1NetworkPolicyIngressRule From(V1NetworkPolicyPeer peer, int port) => new() { FromProperty = [peer], Ports = [Port(port)] };

    private static V1NetworkPolicyPeer Here(string app) => new() { PodSelector = Pods.Selector(app) };

    private static V1NetworkPolicyPeer Elsewhere(string space, Dictionary<string, string>? pods) => new()
    {
        NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [NamespaceName] = space } },
        PodSelector = pods is null ? null : new V1LabelSelector { MatchLabels = pods },
    };

    private static List<V1NetworkPolicyPort> Ports(IEnumerable<Flow> flows) => [.. flows.Select(f => f.Port).Distinct().Order().Select(p => Port(p))];

    private static V1NetworkPolicyPort Port(int port, string protocol = "TCP") =>
        new() { Port = port, Protocol = protocol };
}
