using Chat.Manifests.Base;
using Chat.Manifests.Secrets;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Manifests.Clusters;

/// <summary>
/// A broker that can grow: one node is a cluster of one, with the names, the cookie and the plugins that three need, so the
/// larger tier only adds nodes and its quorum queues gain members by themselves. Nothing queued is left behind.
/// </summary>
public static class RabbitMqCluster
{
    public const int PrometheusPort = 15692;

    /// <summary>The two waits of <see cref="LeaveInOrder"/>, and a minute to stop.</summary>
    public const int ClusterGraceSeconds = 300 + 300 + 60;

    /// <summary>Erlang's port mapper, and the distribution itself.</summary>
    private static readonly int[] PeerPorts = [4369, 25672];

    private const string Config = "rabbitmq.conf";
    private const string Plugins = "[rabbitmq_management,rabbitmq_peer_discovery_k8s,rabbitmq_prometheus].\n";

    /// <summary>Since 4.1 the discovery goes by the ordinal in a pod's name; before, it asked Kubernetes and needed rights for it.</summary>
    public static bool AsksKubernetes(BackingService rabbit) => rabbit.ImageVersion < new Version(4, 1);

    public static IEnumerable<Flow> Flows(BackingService rabbit) =>
        PeerPorts.Select(port => new Flow(rabbit.Name, rabbit.Name, port));

    public static IEnumerable<object> Resources(BackingService rabbit)
    {
        yield return Script.ConfigMap($"{rabbit.Name}-config", ("cluster.conf", Conf(rabbit)), ("enabled_plugins", Plugins));
        if (AsksKubernetes(rabbit))
        {
            yield return new V1Role
            {
                ApiVersion = "rbac.authorization.k8s.io/v1",
                Kind = "Role",
                Metadata = new V1ObjectMeta { Name = rabbit.Name },
                Rules =
                [
                    new V1PolicyRule { ApiGroups = [""], Resources = ["endpoints"], Verbs = ["get", "list"] },
                    new V1PolicyRule { ApiGroups = [""], Resources = ["events"], Verbs = ["create"] },
                ],
            };
            yield return new V1RoleBinding
            {
                ApiVersion = "rbac.authorization.k8s.io/v1",
                Kind = "RoleBinding",
                Metadata = new V1ObjectMeta { Name = rabbit.Name },
                RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = rabbit.Name },
                Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = rabbit.Name }],
            };
        }
    }

    public static V1StatefulSet Patch(BackingService rabbit, GeneratorOptions options) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "StatefulSet",
        Metadata = new V1ObjectMeta { Name = rabbit.Name },
        Spec = new V1StatefulSetSpec
        {
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta
                {
                    Annotations = new Dictionary<string, string> { [Script.ConfigHash] = Script.Hash(Conf(rabbit), Plugins) },
                },
                Spec = new V1PodSpec
                {
                    AutomountServiceAccountToken = AsksKubernetes(rabbit) ? true : null,
                    InitContainers = [CookieCopy(rabbit)],
                    Containers =
                    [
                        new V1Container
                        {
                            Name = rabbit.Name,
                            Env =
                            [
                                Pods.FromField("POD_NAME", "metadata.name"),
                                Pods.FromField("POD_NAMESPACE", "metadata.namespace"),
                                new V1EnvVar { Name = "RABBITMQ_USE_LONGNAME", Value = "true" },
                                new V1EnvVar
                                {
                                    Name = "RABBITMQ_NODENAME",
                                    Value = $"rabbit@$(POD_NAME).{Backings.Nodes(rabbit.Name)}.$(POD_NAMESPACE).svc.{options.ClusterDomain}",
                                },
                            ],
                            Ports = options.MonitoringNamespace.Length > 0
                                ? [new V1ContainerPort { Name = "prometheus", ContainerPort = PrometheusPort, Protocol = "TCP" }]
                                : null,
                            VolumeMounts =
                            [
                                new V1VolumeMount { Name = "config", MountPath = "/etc/rabbitmq/conf.d/90-cluster.conf", SubPath = "cluster.conf", ReadOnlyProperty = true },
                                new V1VolumeMount { Name = "config", MountPath = "/etc/rabbitmq/enabled_plugins", SubPath = "enabled_plugins", ReadOnlyProperty = true },
                            ],
                        },
                    ],
                    Volumes =
                    [
                        new V1Volume { Name = "config", ConfigMap = new V1ConfigMapVolumeSource { Name = $"{rabbit.Name}-config" } },
                        SecretFile.Volume(rabbit, SecretRules.CookieKey),
                    ],
                },
            },
        },
    };

    /// <summary>A node goes when the queues have their majority without it, and hands its leaders over first.</summary>
    public static V1Lifecycle LeaveInOrder() => new()
    {
        PreStop = new V1LifecycleHandler
        {
            Exec = new V1ExecAction
            {
                Command = ["/bin/sh", "-c", "rabbitmq-upgrade await_online_quorum_plus_one -t 300; rabbitmq-upgrade drain -t 300"],
            },
        },
    };

    public static ServiceMonitor Monitor(BackingService rabbit) => new()
    {
        Metadata = new V1ObjectMeta { Name = rabbit.Name },
        Spec = new ServiceMonitorSpec
        {
            Selector = Pods.Selector(rabbit.Name),
            Endpoints = [new ServiceMonitorEndpoint { Port = "prometheus", Interval = "15s" }],
        },
    };

    public static V1Service MonitoredService(BackingService rabbit) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = new V1ObjectMeta { Name = Backings.Nodes(rabbit.Name) },
        Spec = new V1ServiceSpec
        {
            Ports = [new V1ServicePort { Name = "prometheus", Port = PrometheusPort, TargetPort = "prometheus", Protocol = "TCP" }],
        },
    };

    private static string Conf(BackingService rabbit) => AsksKubernetes(rabbit)
        ? Script.Read(Config) + $"cluster_formation.k8s.address_type = hostname\ncluster_formation.k8s.service_name = {Backings.Nodes(rabbit.Name)}\n"
        : Script.Read(Config);

    /// <summary>Erlang refuses a cookie that its group may read, and a volume's files belong to the group: so a copy, at each start.</summary>
    private static V1Container CookieCopy(BackingService rabbit) => SecretFile.Copy(
        rabbit, "cookie", SecretRules.CookieKey, $"{rabbit.Data.Path}/.erlang.cookie",
        new V1VolumeMount { Name = rabbit.Data.Name, MountPath = rabbit.Data.Path });
}
