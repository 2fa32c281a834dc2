using Chat.Manifests.Overlays;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Base;

/// <summary>
/// The servers behind the chat, one pod each. Whatever of a StatefulSet cannot be changed later (claims, serviceName, pod
/// management) is the same in every tier, so that switching tiers is an apply.
/// </summary>
public static class Backings
{
    /// <summary>What every claim is created with; larger tiers enlarge the claims, which a template cannot.</summary>
    public static string ClaimSize => Tier.Low.Storage;

    /// <summary>The headless Service that gives each pod its name.</summary>
    public static string Nodes(string name) => $"{name}-nodes";

    public static V1StatefulSet StatefulSet(BackingService backing, GeneratorOptions options) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "StatefulSet",
        Metadata = new V1ObjectMeta { Name = backing.Name, Labels = Pods.App(backing.Name) },
        Spec = new V1StatefulSetSpec
        {
            ServiceName = Nodes(backing.Name),
            Replicas = 1,
            RevisionHistoryLimit = 5,
            // After a power cut the members of a cluster wait for each other: one at a time would wait for ever.
            PodManagementPolicy = "Parallel",
            Selector = Pods.Selector(backing.Name),
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = Pods.App(backing.Name) },
                Spec = PodSpec(backing),
            },
            VolumeClaimTemplates = [Claim(backing.Data.Name, ClaimSize, options)],
        },
    };

    public static V1PersistentVolumeClaim Claim(string name, string size, GeneratorOptions options) => new()
    {
        ApiVersion = "v1",
        Kind = "PersistentVolumeClaim",
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new V1PersistentVolumeClaimSpec
        {
            AccessModes = ["ReadWriteOnce"],
            StorageClassName = options.StorageClass.Length > 0 ? options.StorageClass : null,
            Resources = new V1VolumeResourceRequirements
            {
                Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new ResourceQuantity(size) },
            },
        },
    };

    public static V1Service Service(BackingService backing) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = new V1ObjectMeta { Name = backing.Name, Labels = Pods.App(backing.Name) },
        Spec = new V1ServiceSpec { Type = "ClusterIP", Selector = Pods.App(backing.Name), Ports = Ports(backing) },
    };

    public static V1Service NodesService(BackingService backing) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = new V1ObjectMeta { Name = Nodes(backing.Name), Labels = Pods.App(backing.Name) },
        Spec = new V1ServiceSpec
        {
            ClusterIP = "None",
            // Members must find each other before they are ready: being found is how they become ready.
            PublishNotReadyAddresses = true,
            Selector = Pods.App(backing.Name),
            Ports = Ports(backing),
        },
    };

    public static List<V1ServicePort> Ports(BackingService backing) =>
        [.. backing.Ports.Select(p => new V1ServicePort { Name = p.Name, Port = p.Port, TargetPort = p.Name, Protocol = "TCP" })];

    private static V1PodSpec PodSpec(BackingService backing)
    {
        var server = ServerProfile.Of(backing);
        return new V1PodSpec
        {
            ServiceAccountName = backing.Name,
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            TerminationGracePeriodSeconds = server.GraceSeconds,
            SecurityContext = Pods.Restricted(Pods.BackingUser, ownsVolume: true),
            Containers =
            [
                new V1Container
                {
                    Name = backing.Name,
                    Image = backing.Image,
                    ImagePullPolicy = "IfNotPresent",
                    Command = backing.Entrypoint is { } entrypoint ? [entrypoint] : null,
                    Args = backing.Args.Count > 0 ? [.. backing.Args.Select(a => a.Composed)] : null,
                    Ports = [.. backing.Ports.Select(p => new V1ContainerPort { Name = p.Name, ContainerPort = p.Port, Protocol = "TCP" })],
                    EnvFrom = Pods.PlainLiterals(backing.Environment).Count > 0
                        ? [new V1EnvFromSource { ConfigMapRef = new V1ConfigMapEnvSource { Name = $"{backing.Name}-env" } }]
                        : null,
                    Env = [.. Pods.SecretEnvironment(backing.Environment, backing.Args), .. server.Environment],
                    Resources = Pods.Resources(Tier.Low.SizeOf(backing.Name)),
                    SecurityContext = Pods.Confined(),
                    StartupProbe = server.Startup,
                    LivenessProbe = server.Liveness,
                    ReadinessProbe = server.Readiness,
                    VolumeMounts =
                    [
                        new V1VolumeMount { Name = backing.Data.Name, MountPath = backing.Data.Path },
                        .. server.Scratch.Select(s => new V1VolumeMount { Name = s.Name, MountPath = s.Path }),
                    ],
                },
            ],
            Volumes = [.. server.Scratch.Select(s => Pods.Scratch(s.Name))],
        };
    }
}
