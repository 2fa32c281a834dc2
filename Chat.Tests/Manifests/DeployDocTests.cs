using System.Text.RegularExpressions;
using Chat.Manifests.Secrets;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>What the commands of <c>docs/deploy.md</c> name – pods, containers, workloads, variables, Secrets – is what the tiers have.</summary>
public sealed partial class DeployDocTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Sources.Repository, "docs", "deploy.md"));

    [Fact]
    public async Task Every_pod_and_container_that_a_command_enters_exists()
    {
        var tiers = await TiersAsync();
        var entered = Exec().Matches(Text);
        Assert.True(entered.Count >= 6, $"Only {entered.Count} commands enter a pod: are they written otherwise now?");
        foreach (Match match in entered)
        {
            var set = match.Groups["set"].Value;
            var found = tiers.SelectMany(t => t.Of<V1StatefulSet>()).Where(s => s.Metadata.Name == set).ToList();
            Assert.True(found.Count > 0, $"{match.Value}: no StatefulSet makes this pod");
            if (int.TryParse(match.Groups["number"].Value, out var number))
            {
                Assert.Contains(found, s => (s.Spec.Replicas ?? 1) > number);
            }

            if (match.Groups["container"] is { Success: true, Value: var container })
            {
                Assert.All(found, s => Assert.Contains(s.Spec.Template.Spec.Containers, c => c.Name == container));
            }
        }
    }

    [Fact]
    public async Task Every_workload_that_a_command_names_exists_in_a_tier()
    {
        var tiers = await TiersAsync();
        var known = tiers.SelectMany(t => t.Of<V1Deployment>().Select(d => $"deployment/{d.Metadata.Name}")
            .Concat(t.Of<V1StatefulSet>().Select(s => $"statefulset/{s.Metadata.Name}"))).ToHashSet();
        var named = Workload().Matches(Text).Select(m => m.Value).Distinct().ToList();
        Assert.True(named.Count >= 6, string.Join(' ', named));
        Assert.All(named, name => Assert.Contains(name, known));
        Assert.Contains(tiers[1].Of<ScaledObject>(), s => s.Metadata.Name == "worker" && Text.Contains("scaledobject worker", StringComparison.Ordinal));
        Assert.All(tiers, t => Assert.Equal("api", t.Of<V2HorizontalPodAutoscaler>().Single().Metadata.Name));
        Assert.All(tiers, t => Assert.Contains(t.Of<V1Job>(), j => j.Spec.Template.Metadata.Labels["app"] == "mongo-members"));
    }

    [Fact]
    public async Task The_database_commands_use_variables_that_its_container_has()
    {
        var used = Variable().Matches(Text).Select(m => m.Groups[1].Value).Distinct().ToList();
        Assert.Equal(2, used.Count);
        foreach (var tier in await TiersAsync())
        {
            var mongo = tier.Containers.Single(c => c.Owner == "mongo" && c.Container.Name == "mongo").Container;
            var maps = (mongo.EnvFrom ?? []).Select(f => f.ConfigMapRef?.Name).OfType<string>().ToHashSet();
            var has = mongo.Env.Select(e => e.Name).Concat(tier.Of<V1ConfigMap>().Where(m => maps.Contains(m.Metadata.Name)).SelectMany(m => m.Data.Keys)).ToList();
            Assert.All(used, name => Assert.Contains(name, has));
        }
    }

    [Fact]
    public void Every_secret_of_the_topology_has_a_way_to_be_rotated()
    {
        var section = Text[Text.IndexOf("## Rotate a secret", StringComparison.Ordinal)..Text.IndexOf("## What to watch", StringComparison.Ordinal)];
        var rows = Row().Matches(section).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal);
        var generated = SecretRules.All(TopologyReader.Read(Sources.Aspire())).Select(k => k.Parameter)
            .Where(p => !p.EndsWith("-uri-encoded", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(generated, rows);
    }

    [Fact]
    public void The_autoscaler_of_the_example_is_one_that_Kubernetes_reads()
    {
        var example = Assert.Single(TypedDocuments.Parse(Yaml().Match(Text).Groups[1].Value));
        var metric = Assert.IsType<V2HorizontalPodAutoscaler>(example).Spec.Metrics.Single();
        Assert.Equal("chat_connections", metric.Pods.Metric.Name);
    }

    private static async Task<Rendered[]> TiersAsync() =>
        [await Rendered.TierAsync("low"), await Rendered.TierAsync("medium"), await Rendered.TierAsync("high")];

    [GeneratedRegex(@"exec (-it? )?(?<set>[a-z-]+)-(?<number>\d|\$n)( -c (?<container>[a-z]+))? --")]
    private static partial Regex Exec();

    [GeneratedRegex(@"\b(deployment|statefulset)/[a-z]+(-[a-z]+)*")]
    private static partial Regex Workload();

    [GeneratedRegex(@"""\$([A-Z_]+)""")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^\| `([a-z-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Yaml();
}
