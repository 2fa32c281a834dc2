using System.Text.RegularExpressions;
using Chat.Api.Stopping;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>What every pod of every tier keeps to.</summary>
public sealed partial class PodTests
{
    [Theory]
    [InlineData("base")]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Every_container_meets_the_restricted_standard(string name)
    {
        var tier = await LoadAsync(name);
        Assert.NotEmpty(tier.Containers);
        Assert.All(tier.Containers, c =>
        {
            Assert.True(c.Pod.SecurityContext.RunAsNonRoot);
            Assert.True(c.Pod.SecurityContext.RunAsUser > 0);
            Assert.Equal("RuntimeDefault", c.Pod.SecurityContext.SeccompProfile.Type);
            Assert.True(c.Pod.HostNetwork is not true && c.Pod.HostPID is not true && c.Pod.HostIPC is not true);
            Assert.All(c.Pod.Volumes ?? [], v => Assert.True(v.HostPath is null));
            var own = c.Container.SecurityContext;
            Assert.False(own.AllowPrivilegeEscalation);
            Assert.True(own.ReadOnlyRootFilesystem);
            Assert.Equal(["ALL"], own.Capabilities.Drop);
            Assert.Null(own.Capabilities.Add);
            Assert.True(own.Privileged is not true && own.RunAsUser is null && own.RunAsNonRoot is null && own.SeccompProfile is null);
            Assert.All(c.Container.Ports ?? [], p => Assert.Null(p.HostPort));
        });
        var space = Assert.Single(tier.Of<V1Namespace>());
        Assert.Equal("restricted", space.Metadata.Labels["pod-security.kubernetes.io/enforce"]);
    }

    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task No_pod_holds_a_token_of_the_cluster(string name)
    {
        var tier = await Rendered.TierAsync(name);
        Assert.All(tier.Of<V1ServiceAccount>(), a => Assert.False(a.AutomountServiceAccountToken));
        Assert.All(tier.Pods, p => Assert.False(p.Template.Spec.AutomountServiceAccountToken));
        Assert.Empty(tier.Of<V1Role>());
        var owners = tier.Pods.GroupBy(p => p.Template.Spec.ServiceAccountName);
        Assert.All(owners, o => Assert.Single(o));
    }

    [Theory]
    [InlineData("base")]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Every_container_says_what_it_needs_and_may_use_at_most(string name)
    {
        var tier = await LoadAsync(name);
        Assert.All(tier.Containers, c =>
        {
            foreach (var resource in new[] { "cpu", "memory" })
            {
                Assert.True(c.Container.Resources.Requests[resource].ToDecimal() <= c.Container.Resources.Limits[resource].ToDecimal());
            }

            Assert.Equal("IfNotPresent", c.Container.ImagePullPolicy);
            Assert.Matches(Tagged(), c.Container.Image);
        });
    }

    [Theory]
    [InlineData("base")]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Every_variable_named_in_a_value_stands_before_it(string name)
    {
        var tier = await LoadAsync(name);
        var found = 0;
        Assert.All(tier.Containers, c =>
        {
            var defined = new HashSet<string>(StringComparer.Ordinal);
            foreach (var variable in c.Container.Env ?? [])
            {
                foreach (Match reference in Expansion().Matches(variable.Value ?? ""))
                {
                    found++;
                    Assert.Contains(reference.Groups[1].Value, defined);
                }

                Assert.True(defined.Add(variable.Name), $"{c.Owner}: {variable.Name} is defined twice");
            }

            // A shell's own $( in a script has a blank or a quote in it; an expansion never has.
            Assert.All((c.Container.Args ?? []).SelectMany(a => Expansion().Matches(a)), m => Assert.Contains(m.Groups[1].Value, defined));
        });
        Assert.True(found > 10);
    }

    [Theory]
    [MemberData(nameof(Sources.Tiers), MemberType = typeof(Sources))]
    public async Task Our_services_roll_without_a_gap_and_drain_before_they_end(string name)
    {
        var tier = await Rendered.TierAsync(name);
        Assert.Equal(["api", "web", "worker"], tier.Of<V1Deployment>().Select(d => d.Metadata.Name).Order());
        Assert.All(tier.Of<V1Deployment>(), d =>
        {
            Assert.Equal("RollingUpdate", d.Spec.Strategy.Type);
            Assert.Equal("0", d.Spec.Strategy.RollingUpdate.MaxUnavailable.Value);
            var pod = d.Spec.Template.Spec;
            var container = Assert.Single(pod.Containers);
            // Nothing that the process does after it was told to end may take longer than what is left of the grace period.
            var left = TimeSpan.FromSeconds((pod.TerminationGracePeriodSeconds ?? 30) - container.Lifecycle.PreStop.Sleep.Seconds);
            Assert.True(new DrainOptions().Limit + StoppingExtensions.ShutdownTimeout < left);
            Assert.Equal("/alive", container.StartupProbe.HttpGet.Path);
            Assert.Equal("/alive", container.LivenessProbe.HttpGet.Path);
            Assert.Equal("/health", container.ReadinessProbe.HttpGet.Path);
            Assert.Contains(pod.TopologySpreadConstraints, t => t.TopologyKey == "topology.kubernetes.io/zone");
        });
    }

    private static Task<Rendered> LoadAsync(string name) => name == "base" ? Rendered.BaseAsync() : Rendered.TierAsync(name);

    [GeneratedRegex(@"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")]
    private static partial Regex Expansion();

    [GeneratedRegex(@"^[a-z0-9.-]+(/[a-z0-9-]+)+:(?!latest$)[A-Za-z0-9.-]+$")]
    private static partial Regex Tagged();
}
