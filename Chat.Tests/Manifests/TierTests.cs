using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>The figures of the tiers, and where their pods may be.</summary>
public sealed class TierTests
{
    [Theory]
    [InlineData("low", 2, 2, 2, 1, 1)]
    [InlineData("medium", 5, 10, 2, 1, 1)]
    [InlineData("high", 10, 20, 3, 3, 6)]
    public async Task A_tier_runs_what_its_figures_say(string name, int apiMin, int apiMax, int web, int members, int redis)
    {
        var tier = await Rendered.TierAsync(name);
        var api = Assert.Single(tier.Of<V2HorizontalPodAutoscaler>()).Spec;
        Assert.Equal((apiMin, apiMax), (api.MinReplicas, api.MaxReplicas));
        Assert.Equal(["cpu", "memory"], api.Metrics.Select(m => m.Resource.Name));
        Assert.Equal(web, tier.Of<V1Deployment>().Single(d => d.Metadata.Name == "web").Spec.Replicas);
        Assert.Equal(
            new Dictionary<string, int?> { ["messaging"] = members, ["mongo"] = members, [name == "high" ? "cache-cluster" : "cache"] = redis },
            tier.Of<V1StatefulSet>().ToDictionary(s => s.Metadata.Name, s => s.Spec.Replicas));
    }

    [Theory]
    [InlineData("medium", 2, 5)]
    [InlineData("high", 5, 10)]
    public async Task Workers_follow_the_queue_with_what_is_in_work_counted(string name, int min, int max)
    {
        var scaled = Assert.Single((await Rendered.TierAsync(name)).Of<ScaledObject>()).Spec;
        Assert.Equal((min, max, min), (scaled.MinReplicaCount, scaled.MaxReplicaCount, scaled.Fallback!.Replicas));
        var trigger = Assert.Single(scaled.Triggers);
        Assert.Equal("http", trigger.Metadata["protocol"]);
        Assert.Equal("false", trigger.Metadata["excludeUnacknowledged"]);
        Assert.Equal(Chat.Backends.Messaging.RabbitNames.SaveQueue, trigger.Metadata["queueName"]);
    }

    [Fact]
    public async Task Members_of_a_cluster_are_never_together()
    {
        var high = await Rendered.TierAsync("high");
        Assert.All(high.Of<V1StatefulSet>(), set =>
        {
            var pod = set.Spec.Template.Spec;
            Assert.Contains(pod.TopologySpreadConstraints, c => c is { TopologyKey: "topology.kubernetes.io/zone", WhenUnsatisfiable: "DoNotSchedule" });
            Assert.True(
                pod.Affinity?.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution.Single().TopologyKey == "kubernetes.io/hostname"
                || pod.TopologySpreadConstraints.Any(c => c is { TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: "DoNotSchedule" }));
            Assert.Contains(high.Of<V1PodDisruptionBudget>(), b => b.Metadata.Name == set.Metadata.Name);
        });
    }

    [Fact]
    public async Task Clients_of_the_clustered_tier_know_every_member()
    {
        var api = (await Rendered.TierAsync("high")).Of<V1Deployment>().Single(d => d.Metadata.Name == "api").Spec.Template.Spec.Containers.Single();
        var values = api.Env.Where(e => e.Value is not null).ToDictionary(e => e.Name, e => e.Value);
        Assert.Equal(
            "mongodb://admin:$(MONGO_CREDENTIALS_PASSWORD_URI)@mongo-0.mongo-nodes:27017,mongo-1.mongo-nodes:27017,mongo-2.mongo-nodes:27017"
            + "/chatdb?authSource=admin&authMechanism=SCRAM-SHA-256&replicaSet=rs0",
            values["ConnectionStrings__chatdb"]);
        Assert.Equal(
            string.Concat(Enumerable.Range(0, 6).Select(i => $"cache-cluster-{i}.cache-cluster-nodes:6379,")) + "password=$(CACHE_CREDENTIALS_PASSWORD)",
            values["ConnectionStrings__cache"]);
        Assert.Equal("amqp://guest:$(MESSAGING_CREDENTIALS_PASSWORD_URI)@messaging:5672", values["ConnectionStrings__messaging"]);
    }

    [Fact]
    public async Task What_a_StatefulSet_can_never_change_is_the_same_in_every_tier()
    {
        var low = await Rendered.TierAsync("low");
        foreach (var name in new[] { "medium", "high" })
        {
            var tier = await Rendered.TierAsync(name);
            Assert.All(tier.Of<V1StatefulSet>(), set =>
            {
                if (low.Of<V1StatefulSet>().FirstOrDefault(s => s.Metadata.Name == set.Metadata.Name) is { } before)
                {
                    Assert.Equal(Fixed(before), Fixed(set));
                }
            });
        }

        static string Fixed(V1StatefulSet set) => k8s.KubernetesYaml.Serialize(
            new object[] { set.Spec.ServiceName, set.Spec.PodManagementPolicy, set.Spec.Selector, set.Spec.VolumeClaimTemplates });
    }

    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task The_ingress_sends_each_path_where_it_belongs_under_TLS(string name)
    {
        var ingresses = (await Rendered.TierAsync(name)).Of<V1Ingress>().ToList();
        Assert.Equal(
            ["/ web", "/api api", "/hubs api"],
            ingresses.Select(i => i.Spec.Rules.Single().Http.Paths.Single()).Select(p => $"{p.Path} {p.Backend.Service.Name}").Order(StringComparer.Ordinal));
        Assert.All(ingresses, i => Assert.Equal(i.Spec.Rules.Single().Host, Assert.Single(Assert.Single(i.Spec.Tls).Hosts)));
        var hubs = ingresses.Single(i => i.Metadata.Name == "chat-hubs").Metadata.Annotations;
        Assert.Equal("cookie", hubs["nginx.ingress.kubernetes.io/affinity"]);
        // A pod about to end says 503 to a new socket.
        Assert.Contains("http_503", hubs["nginx.ingress.kubernetes.io/proxy-next-upstream"], StringComparison.Ordinal);
        Assert.Equal("3600", hubs["nginx.ingress.kubernetes.io/proxy-read-timeout"]);
        Assert.Single(ingresses, i => i.Metadata.Annotations.ContainsKey("cert-manager.io/cluster-issuer"));
    }
}
