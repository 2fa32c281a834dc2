using System.Text.Json.Nodes;
using Chat.Manifests;
using Chat.Manifests.Commands;
using Chat.Manifests.Yaml;
using Chat.Tests.Servers;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>The tiers on a real control plane: validated, admitted, scheduled, reconciled. Any test may follow any other.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ClusterTests(Cluster cluster) : IClassFixture<Cluster>
{
    // As a JSONPath wants it.
    private const string Zone = @"topology\.kubernetes\.io/zone";

    // The kinds that a tier may have and another may not; never claims, which hold the data.
    private static readonly string[] Prunable =
    [
        .. new[]
        {
            "apps/v1/StatefulSet", "autoscaling/v2/HorizontalPodAutoscaler", "batch/v1/Job", "core/v1/Service", "core/v1/ServiceAccount",
            "keda.sh/v1alpha1/ScaledObject", "keda.sh/v1alpha1/TriggerAuthentication", "networking.k8s.io/v1/NetworkPolicy", "policy/v1/PodDisruptionBudget",
        }.Select(kind => $"--prune-allowlist={kind}"),
    ];

    [Theory]
    [InlineData("low", "api=2 web=2")]
    [InlineData("medium", "api=3 web=2")]
    [InlineData("high", "api=3 web=3 messaging=3 mongo=3 cache-cluster=3")]
    public async Task A_tier_comes_up_whole_in_an_empty_cluster_spread_over_its_zones_and_without_a_warning(string name, string zonesOf)
    {
        await EmptyAsync();
        var output = await ApplyAsync(name);
        Assert.DoesNotContain("Warning", output, StringComparison.OrdinalIgnoreCase);

        var tier = await Rendered.TierAsync(name);
        await cluster.RolledOutAsync();
        await Eventually.AsyncTrue(
            async () => (await cluster.ListAsync("jobs", "{.items[*].status.succeeded}")).Length == tier.Of<V1Job>().Count(), "a Job did not complete");
        await Eventually.AsyncTrue(
            async () => (await cluster.ListAsync("deployment/api", "{.status.readyReplicas}")).FirstOrDefault()
                == $"{tier.Of<V2HorizontalPodAutoscaler>().Single().Spec.MinReplicas}",
            "the API did not reach the tier's number");
        foreach (var service in tier.Of<V1Service>())
        {
            var addresses = await cluster.ListAsync(
                $"endpointslices -l kubernetes.io/service-name={service.Metadata.Name}".Split(' '), "{.items[*].endpoints[?(@.conditions.ready==true)].addresses[*]}");
            Assert.True(addresses.Length > 0, $"{service.Metadata.Name} has no endpoint");
        }

        var sets = tier.Of<V1StatefulSet>().Sum(s => s.Spec.Replicas ?? 1);
        await Eventually.AsyncTrue(async () => (await cluster.ListAsync("pvc", "{.items[?(@.status.phase=='Bound')].metadata.name}")).Length == sets, "a claim is not bound");
        Assert.All(await cluster.ListAsync("pvc", "{.items[*].spec.resources.requests.storage}"), size => Assert.Equal(name == "low" ? "10Gi" : "50Gi", size));

        var zones = (await cluster.KubectlAsync("get", "nodes", "-o", $"jsonpath={{range .items[*]}}{{.metadata.name}}={{.metadata.labels['{Zone}']}} {{end}}"))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(z => z.Split('=')[0], z => z.Split('=')[1]);
        foreach (var (app, expected) in zonesOf.Split(' ').Select(z => (z.Split('=')[0], z.Split('=')[1])))
        {
            var nodes = await cluster.ListAsync(["pods", "-l", $"app={app}"], "{.items[*].spec.nodeName}");
            Assert.True($"{nodes.Select(n => zones[n]).Distinct().Count()}" == expected, $"{app} is on {string.Join(' ', nodes)}");
        }
    }

    [Fact]
    public async Task Switching_from_tier_to_tier_and_back_is_an_apply_and_a_prune()
    {
        await EmptyAsync();
        await ApplyAsync("low");
        await cluster.RolledOutAsync();
        var volume = await cluster.ListAsync("pvc/data-mongo-0", "{.spec.volumeName}");
        Assert.Single(volume);
        foreach (var name in new[] { "medium", "high", "low" })
        {
            await ApplyAsync(name);
            var tier = await Rendered.TierAsync(name);
            await cluster.RolledOutAsync();
            await cluster.KubectlAsync(["apply", "-k", Overlay(name), "--prune", "-l", "app.kubernetes.io/part-of=chat", .. Prunable]);

            // What runs is the tier and nothing of the one before; the data is the same volume, and only ever larger.
            Assert.Equal(tier.Of<V1StatefulSet>().Select(s => s.Metadata.Name).Order(), await NamesAsync("statefulsets"));
            Assert.Equal(tier.Of<ScaledObject>().Select(s => s.Metadata.Name).Order(), await NamesAsync("scaledobjects.keda.sh"));
            Assert.Equal(tier.Of<V1PodDisruptionBudget>().Select(s => s.Metadata.Name).Order(), await NamesAsync("pdb"));
            Assert.Equal(tier.Of<V1NetworkPolicy>().Select(s => s.Metadata.Name).Order(), await NamesAsync("networkpolicies"));
            Assert.Equal(tier.Of<V1Job>().Select(s => s.Metadata.Name).Order(), await NamesAsync("jobs"));
            Assert.Equal(volume, await cluster.ListAsync("pvc/data-mongo-0", "{.spec.volumeName}"));
            Assert.Equal(["50Gi"], await cluster.ListAsync("pvc/data-mongo-0", "{.spec.resources.requests.storage}"));
        }

        await cluster.KubectlAsync("delete", "-k", Overlay("low"), "--timeout=240s");
        Assert.Empty(await cluster.KubectlAsync("get", "namespace", "chat", "--ignore-not-found"));
        // Claims are gone with it; their volumes are released, to be kept or deleted as the storage class says.
        Assert.Empty(await cluster.KubectlAsync("get", "pv", "-o", "jsonpath={range .items[?(@.status.phase=='Bound')]}{.spec.claimRef.namespace}{end}"));
        Assert.Empty(await cluster.KubectlAsync("get", "clusterroles,clusterrolebindings,storageclasses", "-l", "app.kubernetes.io/part-of=chat", "-o", "name"));
    }

    [Fact]
    public async Task An_eviction_beyond_the_budget_is_refused()
    {
        await ApplyAsync("low");
        await cluster.RolledOutAsync();
        await Eventually.AsyncTrue(async () => (await cluster.ListAsync("pdb/api", "{.status.disruptionsAllowed}")) is ["1"], "the budget counts no pods");
        var nodes = (await cluster.KubectlAsync("get", "nodes", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // No node takes a replacement, so the first eviction uses the budget up.
        await cluster.KubectlAsync(["cordon", .. nodes]);
        try
        {
            var pods = await cluster.ListAsync(["pods", "-l", "app=api"], "{.items[*].metadata.name}");
            var first = await EvictAsync(pods[0]);
            Assert.True(first.Code == 0, first.Output);

            var second = await EvictAsync(pods[1]);
            Assert.NotEqual(0, second.Code);
            Assert.Contains("disruption budget", second.Output, StringComparison.Ordinal);
        }
        finally
        {
            await cluster.KubectlAsync(["uncordon", .. nodes]);
        }
    }

    [Fact]
    public async Task A_container_that_asks_for_more_than_the_restricted_standard_is_refused()
    {
        await ApplyAsync("low");
        const string Pod = """
            apiVersion: v1
            kind: Pod
            metadata: { name: greedy, namespace: chat }
            spec:
              containers:
              - { name: greedy, image: "example.com/greedy:1", securityContext: { capabilities: { add: [NET_ADMIN] } } }
            """;
        // A namespace that was just made has no default account for a moment, and a pod without an account is refused for that first.
        await Eventually.AsyncTrue(
            async () => (await cluster.TryAsync(null, "-n", "chat", "get", "serviceaccount", "default")).Code == 0, "the namespace has no default account");
        var (code, output) = await cluster.TryAsync(Pod, "create", "-f", "-");
        Assert.NotEqual(0, code);
        Assert.Contains("violates PodSecurity \"restricted", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_account_may_do_more_than_one_that_nobody_gave_anything()
    {
        await ApplyAsync("high");
        var accounts = (await Rendered.TierAsync("high")).Of<V1ServiceAccount>().Select(a => a.Metadata.Name).ToList();
        Assert.Equal(8, accounts.Count);
        var nothing = await RightsAsync("default:default");
        Assert.DoesNotContain("secrets", nothing, StringComparison.Ordinal);
        foreach (var account in accounts)
        {
            Assert.Equal(nothing, await RightsAsync($"chat:{account}"));
        }
    }

    [Fact]
    public async Task Without_KEDA_all_but_the_scaler_is_applied_and_a_tier_with_a_number_of_workers_is_applied_whole()
    {
        await EmptyAsync();
        var names = (await cluster.KubectlAsync("get", "crd", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(n => n.EndsWith(".keda.sh", StringComparison.Ordinal)).ToList();
        var kinds = await cluster.KubectlAsync(["get", .. names, "-o", "json"]);
        await cluster.KubectlAsync(["delete", .. names, "--wait", "--timeout=120s"]);
        try
        {
            await cluster.PrepareAsync();
            // A kubectl that has not seen this cluster with KEDA.
            var folder = Directory.CreateTempSubdirectory("chat-without-keda-").FullName;
            var (code, output) = await cluster.TryAsync(null, "apply", "--validate=strict", "--cache-dir", folder, "-k", Overlay("medium"));
            Assert.NotEqual(0, code);
            // As docs/deploy.md says.
            Assert.Contains("no matches for kind \"ScaledObject\"", output, StringComparison.Ordinal);
            var tier = await Rendered.TierAsync("medium");
            Assert.Equal(["api", "web", "worker"], await NamesAsync("deployments"));
            Assert.Equal(tier.Of<V1NetworkPolicy>().Select(p => p.Metadata.Name).Order(), await NamesAsync("networkpolicies"));
            Assert.Equal(["1"], await cluster.ListAsync("deployment/worker", "{.spec.replicas}"));

            Generator.Generate(Sources.Aspire(), new GeneratorOptions { Tiers = TierOptions.Apply([], [], ["medium=3..3"]) }).Write(folder);
            await cluster.KubectlAsync("apply", "--validate=strict", "-k", Path.Combine(folder, "overlays", "medium"));
            Assert.Equal(["3"], await cluster.ListAsync("deployment/worker", "{.spec.replicas}"));
            Directory.Delete(folder, recursive: true);
        }
        finally
        {
            await RestoreAsync(kinds, names);
        }
    }

    /// <summary>Makes the kinds again, and waits until the control plane serves them: other tests use them.</summary>
    private async Task RestoreAsync(string kinds, List<string> names)
    {
        var list = JsonNode.Parse(kinds)!;
        foreach (var kind in list["items"]?.AsArray() ?? [list])
        {
            foreach (var field in new[] { "resourceVersion", "uid", "creationTimestamp", "generation", "managedFields" })
            {
                kind!["metadata"]!.AsObject().Remove(field);
            }

            kind!.AsObject().Remove("status");
        }

        var (code, output) = await cluster.TryAsync(list.ToJsonString(), "create", "-f", "-");
        Assert.True(code == 0, output);
        await cluster.KubectlAsync(["wait", "--for=condition=established", .. names, "--timeout=120s"]);
    }

    private async Task EmptyAsync()
    {
        await cluster.KubectlAsync("delete", "namespace", "chat", "--ignore-not-found", "--wait", "--timeout=240s");
    }

    private async Task<string> ApplyAsync(string tier)
    {
        await cluster.PrepareAsync();
        return await cluster.KubectlAsync("apply", "--validate=strict", "-k", Overlay(tier));
    }

    private Task<(int Code, string Output)> EvictAsync(string pod) => cluster.TryAsync(
        $$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{pod}}","namespace":"chat"} }""",
        "create", "--raw", $"/api/v1/namespaces/chat/pods/{pod}/eviction", "-f", "-");

    private Task<string> RightsAsync(string account) =>
        cluster.KubectlAsync("-n", "chat", "auth", "can-i", "--list", $"--as=system:serviceaccount:{account}");

    private async Task<IEnumerable<string>> NamesAsync(string kind) => (await cluster.ListAsync(kind, "{.items[*].metadata.name}")).Order();

    private static string Overlay(string tier) => Path.Combine(Sources.Tree, "overlays", tier);
}
