using Chat.Manifests.Yaml;
using k8s;
using k8s.Models;
using YamlDotNet.RepresentationModel;

namespace Chat.Tests.Manifests;

/// <summary>Parses YAML strictly: each kind into its model, a field that the model does not know refused.</summary>
public static class TypedDocuments
{
    public static List<object> Parse(string yaml) => [.. Split(yaml).Select(ParseOne)];

    public static object ParseOne(string document)
    {
        var kind = Scalar(document, "kind");
        return (Scalar(document, "apiVersion"), kind) switch
        {
            ("v1", "Namespace") => Strict<V1Namespace>(document),
            ("v1", "Service") => Strict<V1Service>(document),
            ("v1", "ServiceAccount") => Strict<V1ServiceAccount>(document),
            ("v1", "ConfigMap") => Strict<V1ConfigMap>(document),
            ("v1", "PersistentVolumeClaim") => Strict<V1PersistentVolumeClaim>(document),
            ("apps/v1", "Deployment") => Strict<V1Deployment>(document),
            ("apps/v1", "StatefulSet") => Strict<V1StatefulSet>(document),
            ("batch/v1", "Job") => Strict<V1Job>(document),
            ("autoscaling/v2", "HorizontalPodAutoscaler") => Strict<V2HorizontalPodAutoscaler>(document),
            ("policy/v1", "PodDisruptionBudget") => Strict<V1PodDisruptionBudget>(document),
            ("networking.k8s.io/v1", "Ingress") => Strict<V1Ingress>(document),
            ("networking.k8s.io/v1", "NetworkPolicy") => Strict<V1NetworkPolicy>(document),
            ("rbac.authorization.k8s.io/v1", "Role") => Strict<V1Role>(document),
            ("rbac.authorization.k8s.io/v1", "RoleBinding") => Strict<V1RoleBinding>(document),
            ("keda.sh/v1alpha1", "ScaledObject") => Strict<ScaledObject>(document),
            ("keda.sh/v1alpha1", "TriggerAuthentication") => Strict<TriggerAuthentication>(document),
            ("monitoring.coreos.com/v1", "ServiceMonitor") => Strict<ServiceMonitor>(document),
            ("monitoring.coreos.com/v1", "PodMonitor") => Strict<PodMonitor>(document),
            ("kustomize.config.k8s.io/v1beta1", "Kustomization") => Strict<Kustomization>(document),
            var (version, _) => throw new InvalidOperationException($"{version} {kind} has no model here."),
        };
    }

    public static IEnumerable<string> Split(string yaml) =>
        yaml.Split("\n---\n").Select(d => d.Trim('\n') + "\n").Where(d => d.Split('\n').Any(l => l.Length > 0 && l[0] != '#'));

    private static T Strict<T>(string document) => KubernetesYaml.Deserialize<T>(document, strict: true);

    private static string Scalar(string document, string key)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(document));
        return ((YamlScalarNode)((YamlMappingNode)stream.Documents[0].RootNode)[key]).Value!;
    }
}
