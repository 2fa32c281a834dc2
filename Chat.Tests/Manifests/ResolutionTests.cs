using Chat.Manifests.Secrets;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>Whatever a rendered tier names is there.</summary>
public sealed class ResolutionTests
{
    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Every_selector_selects_pods_and_every_port_is_one_they_open(string name)
    {
        var tier = await Rendered.TierAsync(name);
        Assert.All(tier.Of<V1Service>(), service =>
        {
            var pods = tier.Pods.Where(p => Rendered.Matches(new V1LabelSelector { MatchLabels = service.Spec.Selector }, p.Template.Metadata.Labels)).ToList();
            var (_, template) = Assert.Single(pods);
            var open = template.Spec.Containers.SelectMany(c => c.Ports ?? []).Select(p => p.Name).ToList();
            Assert.All(service.Spec.Ports, port => Assert.Contains(port.TargetPort.Value, open));
        });
        Assert.All(tier.Of<V1Deployment>(), d => Assert.True(Rendered.Matches(d.Spec.Selector, d.Spec.Template.Metadata.Labels)));
        Assert.All(tier.Of<V1StatefulSet>(), s =>
        {
            Assert.True(Rendered.Matches(s.Spec.Selector, s.Spec.Template.Metadata.Labels));
            Assert.Contains(tier.Of<V1Service>(), v => v.Metadata.Name == s.Spec.ServiceName && v.Spec.ClusterIP == "None" && v.Spec.PublishNotReadyAddresses == true);
        });
        Assert.All(tier.Of<V1PodDisruptionBudget>(), b => Assert.Single(tier.Pods, p => Rendered.Matches(b.Spec.Selector, p.Template.Metadata.Labels)));
        Assert.All(tier.Pods.SelectMany(p => (p.Template.Spec.TopologySpreadConstraints ?? []).Select(c => (p.Template, c))),
            p => Assert.True(Rendered.Matches(p.c.LabelSelector, p.Template.Metadata.Labels)));
    }

    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Every_account_secret_config_and_volume_named_exists(string name)
    {
        var tier = await Rendered.TierAsync(name);
        var secrets = SecretKeys(TopologyReader.Read(await Sources.OursAsync()));
        var configs = tier.Of<V1ConfigMap>().ToDictionary(c => c.Metadata.Name, c => c.Data);
        var accounts = tier.Of<V1ServiceAccount>().Select(a => a.Metadata.Name).ToHashSet();

        Assert.All(tier.Pods, p =>
        {
            Assert.Contains(p.Template.Spec.ServiceAccountName, accounts);
            Assert.All((p.Template.Spec.Volumes ?? []).Where(v => v.ConfigMap is not null), v => Assert.Contains(v.ConfigMap.Name, configs.Keys));
            Assert.All((p.Template.Spec.Volumes ?? []).Where(v => v.Secret is not null),
                v => Assert.All(v.Secret.Items, i => Assert.Contains((v.Secret.SecretName, i.Key), secrets)));
        });
        Assert.All(tier.Containers, c =>
        {
            Assert.All((c.Container.Env ?? []).Where(e => e.ValueFrom?.SecretKeyRef is not null),
                e => Assert.Contains((e.ValueFrom.SecretKeyRef.Name, e.ValueFrom.SecretKeyRef.Key), secrets));
            Assert.All((c.Container.EnvFrom ?? []).Where(e => e.ConfigMapRef is not null), e => Assert.Contains(e.ConfigMapRef.Name, configs.Keys));
            var set = tier.Of<V1StatefulSet>().FirstOrDefault(s => s.Metadata.Name == c.Owner);
            var volumes = (c.Pod.Volumes ?? []).Select(v => v.Name).Concat((set?.Spec.VolumeClaimTemplates ?? []).Select(t => t.Metadata.Name)).ToHashSet();
            Assert.All(c.Container.VolumeMounts ?? [], m => Assert.Contains(m.Name, volumes));
            Assert.All((c.Container.VolumeMounts ?? []).Where(m => m.SubPath is not null), m =>
                Assert.Contains(m.SubPath, configs[c.Pod.Volumes!.Single(v => v.Name == m.Name).ConfigMap.Name].Keys));
        });
        Assert.All(tier.Of<TriggerAuthentication>().SelectMany(t => t.Spec.SecretTargetRef), s => Assert.Contains((s.Name, s.Key), secrets));
    }

    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Every_probe_ingress_scaler_and_claim_meets_what_it_names(string name)
    {
        var tier = await Rendered.TierAsync(name);
        Assert.All(tier.Containers.Where(c => c.Container.Ports is not null), c =>
        {
            var open = c.Container.Ports.Select(p => p.Name).ToList();
            foreach (var probe in new[] { c.Container.StartupProbe, c.Container.LivenessProbe, c.Container.ReadinessProbe })
            {
                Assert.NotNull(probe);
                if ((probe.HttpGet?.Port ?? probe.TcpSocket?.Port) is { } port)
                {
                    Assert.Contains(port.Value, open);
                }
            }
        });
        Assert.All(tier.Of<V1Ingress>().SelectMany(i => i.Spec.Rules).SelectMany(r => r.Http.Paths), path =>
        {
            var service = Assert.Single(tier.Of<V1Service>(), s => s.Metadata.Name == path.Backend.Service.Name);
            Assert.Contains(service.Spec.Ports, p => p.Name == path.Backend.Service.Port.Name);
        });
        Assert.All(tier.Of<V2HorizontalPodAutoscaler>(), h => AssertScalable(tier, h.Spec.ScaleTargetRef.Name));
        Assert.All(tier.Of<ScaledObject>(), s =>
        {
            AssertScalable(tier, s.Spec.ScaleTargetRef.Name);
            Assert.All(s.Spec.Triggers, t => Assert.Contains(tier.Of<TriggerAuthentication>(), a => a.Metadata.Name == t.AuthenticationRef?.Name));
        });
        var wanted = tier.Of<V1StatefulSet>().SelectMany(s => Enumerable.Range(0, s.Spec.Replicas ?? 1)
            .Select(i => $"{s.Spec.VolumeClaimTemplates.Single().Metadata.Name}-{s.Metadata.Name}-{i}")).Order().ToList();
        var claims = tier.Of<V1PersistentVolumeClaim>().ToList();
        if (name == "low")
        {
            Assert.Empty(claims);
            Assert.All(tier.Of<V1StatefulSet>(), s => Assert.Equal("10Gi", s.Spec.VolumeClaimTemplates.Single().Spec.Resources.Requests["storage"].ToString()));
        }
        else
        {
            Assert.Equal(wanted, claims.Select(c => c.Metadata.Name).Order());
            Assert.All(claims, c => Assert.Equal("50Gi", c.Spec.Resources.Requests["storage"].ToString()));
        }
    }

    private static HashSet<(string, string)> SecretKeys(ChatTopology topology) =>
        [.. SecretValues.Make(topology, "chat", new Dictionary<string, string>(), new Dictionary<(string, string), string>())
            .SelectMany(s => s.Data.Keys.Select(k => (s.Metadata.Name, k)))];

    private static void AssertScalable(Rendered tier, string name)
    {
        var deployment = Assert.Single(tier.Of<V1Deployment>(), d => d.Metadata.Name == name);
        // A number here would undo the scaler's at every apply.
        Assert.Null(deployment.Spec.Replicas);
    }
}
