using Chat.Manifests.Overlays;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Manifests.Base;

/// <summary>The base, in Aspirate's layout: a folder for each resource, a kustomization and a namespace at the root.</summary>
public static class BaseTree
{
    public static void Add(OutputTree tree, ChatTopology topology, GeneratorOptions options)
    {
        foreach (var backing in topology.Backings)
        {
            var literals = Pods.PlainLiterals(backing.Environment);
            tree.Add($"{backing.Name}/statefulset.yaml", Backings.StatefulSet(backing, options));
            tree.Add($"{backing.Name}/service.yaml", Backings.Service(backing), Backings.NodesService(backing));
            tree.Add($"{backing.Name}/serviceaccount.yaml", Pods.Account(backing.Name));
            tree.Add($"{backing.Name}/kustomization.yaml", new Kustomization
            {
                Resources = ["serviceaccount.yaml", "service.yaml", "statefulset.yaml"],
                ConfigMapGenerator = literals.Count > 0 ? [new KustomizeConfigMap { Name = $"{backing.Name}-env", Literals = literals }] : null,
            });
        }

        foreach (var project in topology.Projects)
        {
            tree.Add($"{project.Name}/deployment.yaml", Projects.Deployment(project, options));
            tree.Add($"{project.Name}/serviceaccount.yaml", Pods.Account(project.Name));
            if (project.HasService)
            {
                tree.Add($"{project.Name}/service.yaml", Projects.Service(project));
            }

            List<string> literals = [.. Pods.PlainLiterals(project.Environment), .. Telemetry(project, topology, options)];
            tree.Add($"{project.Name}/kustomization.yaml", new Kustomization
            {
                Resources = project.HasService
                    ? ["serviceaccount.yaml", "service.yaml", "deployment.yaml"]
                    : ["serviceaccount.yaml", "deployment.yaml"],
                ConfigMapGenerator = [new KustomizeConfigMap { Name = $"{project.Name}-env", Literals = literals }],
            });
        }

        tree.Add("namespace.yaml", Namespace(options));
        tree.Add("kustomization.yaml", new Kustomization
        {
            Namespace = options.Namespace,
            Labels = [PartOfChat()],
            Resources = ["namespace.yaml", .. topology.Backings.Select(b => b.Name), .. topology.Projects.Select(p => p.Name)],
        });
    }

    /// <summary>Prune by it: whatever carries this label and is no longer in the tree may go.</summary>
    public static KustomizeLabels PartOfChat() => new()
    {
        Pairs = new() { [Pods.PartOf] = "chat" },
        IncludeSelectors = false,
        IncludeTemplates = true,
    };

    /// <summary>The namespace refuses whatever asks for more than the restricted standard.</summary>
    public static V1Namespace Namespace(GeneratorOptions options) => new()
    {
        ApiVersion = "v1",
        Kind = "Namespace",
        Metadata = new V1ObjectMeta
        {
            Name = options.Namespace,
            Labels = new Dictionary<string, string>
            {
                ["pod-security.kubernetes.io/enforce"] = "restricted",
                ["pod-security.kubernetes.io/enforce-version"] = "latest",
                ["pod-security.kubernetes.io/warn"] = "restricted",
                ["pod-security.kubernetes.io/warn-version"] = "latest",
            },
        },
    };

    private static IEnumerable<string> Telemetry(ProjectService project, ChatTopology topology, GeneratorOptions options)
    {
        if (options.Otlp.Length > 0)
        {
            yield return $"OTEL_EXPORTER_OTLP_ENDPOINT={options.Otlp}";
            yield return $"OTEL_SERVICE_NAME={project.Name}";
        }

        if (Monitoring.Scraped(topology, options).Contains(project))
        {
            yield return $"{Monitoring.Switch}=true";
        }
    }
}
