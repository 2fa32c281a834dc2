using Chat.Manifests;
using Chat.Manifests.Aspire;
using Chat.Manifests.Base;
using Chat.Manifests.Overlays;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>What is read out of a manifest, and what is refused.</summary>
public sealed class TopologyTests
{
    [Fact]
    public async Task Aspires_own_manifest_gives_the_same_base_as_ours_for_the_same_topology()
    {
        var ours = await Sources.OursAsync();
        var aspire = LikeOurs(Sources.Aspire());

        Assert.Equal(BaseOf(ours), BaseOf(aspire));
        Assert.NotEqual(BaseOf(ours), BaseOf(Sources.Aspire()));
    }

    [Fact]
    public void References_are_followed_to_literals_and_to_keys_of_Secrets()
    {
        var api = TopologyReader.Read(Sources.Aspire()).Project("api");
        var values = api.Environment.ToDictionary(e => e.Name, e => e.Value);

        Assert.Equal("cache:6379,password=$(CACHE_CREDENTIALS_PASSWORD)", values["ConnectionStrings__cache"].Composed);
        Assert.Equal(new SecretPart("cache-credentials", "password"), Assert.Single(values["ConnectionStrings__cache"].Secrets));
        Assert.Equal(new SecretPart("mongo-credentials", "password-uri"), Assert.Single(values["ConnectionStrings__chatdb"].Secrets));
        Assert.Equal("27017", values["CHATDB_PORT"].Plain);
        Assert.Equal("8080", values["HTTP_PORTS"].Plain);
        Assert.Equal([new Flow("api", "cache", 6379), new Flow("api", "messaging", 5672), new Flow("api", "mongo", 27017)], api.Flows);
    }

    [Fact]
    public void What_would_point_to_https_inside_the_namespace_is_left_out()
    {
        var web = TopologyReader.Read(Sources.Aspire()).Project("web");
        Assert.Equal("http://api:8080", web.Environment.Single(e => e.Name == "services__api__http__0").Value.Plain);
        Assert.DoesNotContain(web.Environment, e => e.Name is "API_HTTPS" or "services__api__https__0");
    }

    [Fact]
    public void A_literal_that_Kubernetes_would_expand_is_escaped() =>
        Assert.Equal("a$$(B)c", PodValue.Of("a$(B)c").Composed);

    [Theory]
    [InlineData("""{"resources":{"a":{"type":"dockerfile.v0"}}}""", "no form in the cluster")]
    [InlineData("""{"resources":{"a":{"type":"project.v0","path":"a","env":{"X":"{gone.connectionString}"}}}}""", "does not define it")]
    [InlineData("""{"resources":{"a":{"type":"project.v0","path":"a","env":{"X":"{broken"}}}}""", "opens no reference")]
    [InlineData("""{"resources":{"a":{"type":"value.v0","connectionString":"{a.connectionString}"},"b":{"type":"project.v0","path":"b","env":{"X":"{a.connectionString}"}}}}""", "refers to itself")]
    [InlineData("""{"resources":{"a":{"type":"container.v0","image":"postgres:17","volumes":[{"name":"d","target":"/d","readOnly":false}]}}}""", "only redis, rabbitmq and mongo")]
    [InlineData("""{"resources":{"a":{"type":"container.v0","image":"redis:8"}}}""", "forgets everything")]
    [InlineData("{}", "no resources")]
    [InlineData("nonsense", "not what Aspire writes")]
    public void A_manifest_that_cannot_be_deployed_is_refused_with_its_reason(string json, string reason)
    {
        var refusal = Assert.Throws<ManifestException>(() => TopologyReader.Read(AspireManifest.Parse(json)));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker.io/library/rabbitmq:4.3-management", false)]
    [InlineData("docker.io/library/rabbitmq:4.0-management", true)]
    [InlineData("docker.io/library/rabbitmq:3.13.7-management", true)]
    public void Only_a_broker_that_asks_Kubernetes_for_its_peers_gets_rights_and_a_token(string image, bool asks)
    {
        var manifest = Sources.Aspire();
        var messaging = manifest.Resources["messaging"] with { Image = image };
        var files = Generator.Generate(
            new AspireManifest(new Dictionary<string, AspireResource>(manifest.Resources) { ["messaging"] = messaging }), new GeneratorOptions()).Files;

        Assert.Equal(asks, files["overlays/shared/messaging-config.yaml"].Contains("kind: RoleBinding", StringComparison.Ordinal));
        Assert.Equal(asks, files["overlays/shared/patch-messaging.yaml"].Contains("automountServiceAccountToken: true", StringComparison.Ordinal));
    }

    [Fact]
    public void Sizes_bounds_and_names_are_inputs()
    {
        var files = Generator.Generate(Sources.Aspire(), new GeneratorOptions
        {
            Registry = "r.example.org/team/",
            Tag = "2.1",
            Host = "talk.example.org",
            StorageClass = "fast",
            Issuer = "",
            Otlp = "http://collector.observability:4317",
            MonitoringNamespace = "monitoring",
            Tiers = Chat.Manifests.Commands.TierOptions.Apply(["high=200Gi"], ["medium=4..12"], ["low=1..3"]),
        }).Files;

        Assert.Contains("image: r.example.org/team/chat-api:2.1\n", files["api/deployment.yaml"], StringComparison.Ordinal);
        Assert.Contains("talk.example.org", files["overlays/shared/ingress.yaml"], StringComparison.Ordinal);
        Assert.DoesNotContain("cert-manager", files["overlays/shared/ingress.yaml"], StringComparison.Ordinal);
        Assert.Contains("storageClassName: fast", files["mongo/statefulset.yaml"], StringComparison.Ordinal);
        Assert.Contains("storage: 200Gi", files["overlays/high/claims.yaml"], StringComparison.Ordinal);
        Assert.Contains("maxReplicas: 12", files["overlays/medium/autoscaling.yaml"], StringComparison.Ordinal);
        Assert.Contains("kind: ScaledObject", files["overlays/low/autoscaling.yaml"], StringComparison.Ordinal);
        Assert.Contains("kind: ServiceMonitor", files["overlays/shared/monitoring.yaml"], StringComparison.Ordinal);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.observability:4317", files["api/kustomization.yaml"], StringComparison.Ordinal);
        Assert.Contains("observability", files["overlays/low/network.yaml"], StringComparison.Ordinal);
        Assert.All(files.Values, f => Assert.NotEmpty(TypedDocuments.Parse(f)));
    }

    [Fact]
    public void Prometheus_scrapes_what_the_ingress_does_not_show_and_reaches_it()
    {
        var plain = Generator.Generate(Sources.Aspire(), new GeneratorOptions()).Files;
        var files = Generator.Generate(Sources.Aspire(), new GeneratorOptions { MonitoringNamespace = "monitoring" }).Files;

        var monitor = TypedDocuments.Parse(files["overlays/shared/monitoring.yaml"]).OfType<PodMonitor>().Single();
        var selected = Assert.Single(monitor.Spec.Selector.MatchExpressions);
        Assert.Equal(("app", "In"), (selected.Key, selected.OperatorProperty));
        Assert.Equal(["api", "worker"], selected.Values);
        var endpoint = Assert.Single(monitor.Spec.PodMetricsEndpoints);
        foreach (var scraped in new[] { "api", "worker" })
        {
            var pod = TypedDocuments.Parse(files[$"{scraped}/deployment.yaml"]).OfType<V1Deployment>().Single().Spec.Template;
            Assert.Equal(scraped, pod.Metadata.Labels["app"]);
            Assert.Contains(pod.Spec.Containers.Single().Ports, p => p.Name == endpoint.Port);
            Assert.Contains($"{Monitoring.Switch}=true", files[$"{scraped}/kustomization.yaml"], StringComparison.Ordinal);
            var policy = TypedDocuments.Parse(files["overlays/low/network.yaml"]).OfType<V1NetworkPolicy>().Single(p => p.Metadata.Name == scraped);
            Assert.Contains(policy.Spec.Ingress, rule => rule.Ports.Single().Port.Value == "8080"
                && rule.FromProperty.Single().NamespaceSelector?.MatchLabels["kubernetes.io/metadata.name"] == "monitoring");
        }

        Assert.DoesNotContain(Monitoring.Switch, files["web/kustomization.yaml"], StringComparison.Ordinal);
        Assert.DoesNotContain("overlays/shared/monitoring.yaml", plain.Keys);
        Assert.DoesNotContain(Monitoring.Switch, plain["api/kustomization.yaml"], StringComparison.Ordinal);
    }

    [Fact]
    public void Where_no_scaler_decides_how_many_workers_run_the_deployment_says_it()
    {
        var files = Generator.Generate(Sources.Aspire(), new GeneratorOptions
        {
            Tiers = Chat.Manifests.Commands.TierOptions.Apply([], [], ["medium=3..3"]),
        }).Files;

        Assert.Equal([1, 3, null], new[] { "low", "medium", "high" }.Select(t =>
            TypedDocuments.Parse(files[$"overlays/{t}/patch-worker.yaml"]).OfType<V1Deployment>().Single().Spec.Replicas));
        Assert.DoesNotContain("keda.sh", files["overlays/medium/autoscaling.yaml"], StringComparison.Ordinal);
    }

    private static string BaseOf(AspireManifest manifest)
    {
        var tree = new OutputTree();
        BaseTree.Add(tree, TopologyReader.Read(manifest), new GeneratorOptions());
        return string.Concat(tree.Files.Select(f => $"=== {f.Key}\n{f.Value}"));
    }

    /// <summary>The reference's topology lacks a reference of our pages, has a setting of its own, and a worker without endpoints.</summary>
    private static AspireManifest LikeOurs(AspireManifest reference)
    {
        var resources = new Dictionary<string, AspireResource>(reference.Resources);
        var (api, worker, web) = (resources["api"], resources["worker"], resources["web"]);
        resources["api"] = api with { Env = api.Env.Where(e => e.Key != "SAMPLE__SETTING").ToDictionary() };
        resources["worker"] = worker with
        {
            Bindings = api.Bindings,
            Env = worker.Env.Append(new("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true")).Append(new("HTTP_PORTS", "{worker.bindings.http.targetPort}")).ToDictionary(),
        };
        resources["web"] = web with
        {
            Env = web.Env.Concat(api.Env.Where(e => e.Key.StartsWith("CHATDB_", StringComparison.Ordinal) || e.Key == "ConnectionStrings__chatdb")).ToDictionary(),
        };
        return new AspireManifest(resources);
    }
}
