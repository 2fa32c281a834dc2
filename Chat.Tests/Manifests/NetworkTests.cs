using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>
/// Reads the policies as a network plugin does – a connection passes if some policy of its source lets it out and some policy of
/// its target lets it in – and compares all that pass with what the manifest refers to.
/// </summary>
public sealed class NetworkTests
{
    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Exactly_the_topologys_connections_pass(string name)
    {
        var tier = await Rendered.TierAsync(name);
        var topology = TopologyReader.Read(await Sources.OursAsync());

        var wanted = topology.Flows.Select(f => name == "high" && f.To == "cache" ? f with { To = "cache-cluster" } : f)
            .Append(new Flow("mongo-members", "mongo", 27017))
            .Concat(name == "high" ? Peers() : []);

        Assert.Equal(Sorted(wanted), Sorted(Passing(tier)));
        Assert.Contains(new Flow("api", "mongo", 27017), wanted);
        Assert.DoesNotContain(wanted, f => f is { From: "worker", To: "cache" or "cache-cluster" });
    }

    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task From_outside_only_the_ingress_and_the_scaler_come_in(string name)
    {
        var tier = await Rendered.TierAsync(name);
        var outside = Policies(tier)
            .SelectMany(p => (p.Spec.Ingress ?? []).SelectMany(rule => rule.FromProperty.Where(f => f.NamespaceSelector is not null)
                .Select(f => $"{p.Metadata.Name} {rule.Ports.Single().Port.Value} {f.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"]} {f.PodSelector.MatchLabels.Single().Value}")))
            .Order();

        string[] ingress = ["api 8080 ingress-nginx ingress-nginx", "web 8080 ingress-nginx ingress-nginx"];
        Assert.Equal(name == "low" ? ingress : [ingress[0], "messaging 15672 keda keda-operator", ingress[1]], outside);
        Assert.Equal(name != "low", tier.Of<Chat.Manifests.Yaml.ScaledObject>().Any());
    }

    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Everything_is_denied_by_default_and_names_are_resolved_by_all(string name)
    {
        var tier = await Rendered.TierAsync(name);
        var deny = tier.Of<V1NetworkPolicy>().Single(p => p.Metadata.Name == "default-deny");
        Assert.True(IsAll(deny.Spec.PodSelector));
        Assert.Equal(["Ingress", "Egress"], deny.Spec.PolicyTypes);
        Assert.True(deny.Spec.Ingress is null && deny.Spec.Egress is null);

        var dns = tier.Of<V1NetworkPolicy>().Single(p => p.Metadata.Name == "allow-dns");
        Assert.True(IsAll(dns.Spec.PodSelector));
        Assert.Equal(["Egress"], dns.Spec.PolicyTypes);
        var rule = Assert.Single(dns.Spec.Egress);
        Assert.Equal("kube-system", Assert.Single(rule.To).NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"]);
        Assert.Equal(["UDP 53", "TCP 53"], rule.Ports.Select(p => $"{p.Protocol} {p.Port.Value}"));
        Assert.Equal(2, tier.Of<V1NetworkPolicy>().Count(p => IsAll(p.Spec.PodSelector)));
    }

    private static IEnumerable<Flow> Peers() =>
    [
        new("mongo", "mongo", 27017),
        new("messaging", "messaging", 4369), new("messaging", "messaging", 25672),
        new("cache-cluster", "cache-cluster", 6379), new("cache-cluster", "cache-cluster", 16379),
        new("cache-cluster-members", "cache-cluster", 6379),
    ];

    private static IEnumerable<Flow> Passing(Rendered tier)
    {
        var pods = tier.Pods.Select(p => (Name: p.Template.Metadata.Labels["app"], p.Template.Metadata.Labels)).DistinctBy(p => p.Name).ToList();
        var ports = Policies(tier).SelectMany(p => (p.Spec.Ingress ?? []).SelectMany(r => r.Ports)
                .Concat((p.Spec.Egress ?? []).SelectMany(r => r.Ports)))
            .Select(p => p.Port.Value).Append("1").Append("8080").Distinct().ToList();
        return
            from source in pods
            from target in pods
            from port in ports
            where Policies(tier).Any(p => Rendered.Matches(p.Spec.PodSelector, source.Labels)
                && (p.Spec.Egress ?? []).Any(r => r.Ports.Any(o => o.Port.Value == port) && r.To.Any(t => Selects(t, target.Labels))))
            where Policies(tier).Any(p => Rendered.Matches(p.Spec.PodSelector, target.Labels)
                && (p.Spec.Ingress ?? []).Any(r => r.Ports.Any(o => o.Port.Value == port) && r.FromProperty.Any(f => Selects(f, source.Labels))))
            select new Flow(source.Name, target.Name, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static bool Selects(V1NetworkPolicyPeer peer, IDictionary<string, string> labels) =>
        peer.NamespaceSelector is null && peer.IpBlock is null && Rendered.Matches(peer.PodSelector, labels);

    private static IEnumerable<V1NetworkPolicy> Policies(Rendered tier) =>
        tier.Of<V1NetworkPolicy>().Where(p => p.Metadata.Name is not "allow-dns");

    private static bool IsAll(V1LabelSelector selector) => selector.MatchLabels is null or { Count: 0 };

    private static List<string> Sorted(IEnumerable<Flow> flows) => [.. flows.Distinct().Select(f => $"{f.From} {f.To} {f.Port}").Order(StringComparer.Ordinal)];
}
