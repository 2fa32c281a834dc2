using Chat.Manifests.Overlays;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Base;

/// <summary>Our own services: Deployments that roll without losing a socket they could have handed over.</summary>
public static class Projects
{
    public const string Port = "http";

    /// <summary>Endpoints and ingress take their time to forget a pod; it goes on serving that long after it was told to end.</summary>
    public const int ForgetSeconds = 10;

    /// <summary>Forgetting, and then finishing what was accepted.</summary>
    public const int GraceSeconds = 60;

    public static V1Deployment Deployment(ProjectService project, GeneratorOptions options) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = new V1ObjectMeta { Name = project.Name, Labels = Pods.App(project.Name) },
        Spec = new V1DeploymentSpec
        {
            // No number unless the manifest says one: a tier's autoscaler owns it, and an apply must not undo the scaler's work.
            Replicas = project.Replicas,
            RevisionHistoryLimit = 5,
            MinReadySeconds = 5,
            Selector = Pods.Selector(project.Name),
            Strategy = new V1DeploymentStrategy
            {
                Type = "RollingUpdate",
                RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = "25%", MaxUnavailable = 0 },
            },
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = Pods.App(project.Name) },
                Spec = PodSpec(project, options),
            },
        },
    };

    public static V1Service Service(ProjectService project) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = new V1ObjectMeta { Name = project.Name, Labels = Pods.App(project.Name) },
        Spec = new V1ServiceSpec
        {
            Type = "ClusterIP",
            Selector = Pods.App(project.Name),
            Ports = [new V1ServicePort { Name = Port, Port = ProjectService.HttpPort, TargetPort = Port, Protocol = "TCP" }],
        },
    };

    private static V1PodSpec PodSpec(ProjectService project, GeneratorOptions options) => new()
    {
        ServiceAccountName = project.Name,
        AutomountServiceAccountToken = false,
        EnableServiceLinks = false,
        TerminationGracePeriodSeconds = GraceSeconds,
        SecurityContext = Pods.Restricted(Pods.DotnetUser),
        TopologySpreadConstraints = [Spread(project.Name, Pods.ZoneLabel), Spread(project.Name, Pods.HostLabel)],
        Containers =
        [
            new V1Container
            {
                Name = project.Name,
                Image = options.Image(project.Name),
                ImagePullPolicy = "IfNotPresent",
                Ports = [new V1ContainerPort { Name = Port, ContainerPort = ProjectService.HttpPort, Protocol = "TCP" }],
                EnvFrom = [new V1EnvFromSource { ConfigMapRef = new V1ConfigMapEnvSource { Name = $"{project.Name}-env" } }],
                Env = Pods.SecretEnvironment(project.Environment, []) is { Count: > 0 } env ? env : null,
                Resources = Pods.Resources(Tier.Low.SizeOf(project.Name)),
                SecurityContext = Pods.Confined(),
                // Starting may take two minutes on a cold, busy node; after that half a minute of silence is death.
                StartupProbe = Probe("/alive", period: 2, failures: 60),
                LivenessProbe = Probe("/alive", period: 10, failures: 3),
                ReadinessProbe = Probe("/health", period: 5, failures: 3),
                Lifecycle = new V1Lifecycle
                {
                    PreStop = new V1LifecycleHandler { Sleep = new V1SleepAction { Seconds = ForgetSeconds } },
                },
                VolumeMounts = [new V1VolumeMount { Name = "tmp", MountPath = "/tmp" }],
            },
        ],
        Volumes = [Pods.Scratch("tmp")],
    };

    private static V1Probe Probe(string path, int period, int failures) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = Port },
        PeriodSeconds = period,
        FailureThreshold = failures,
        TimeoutSeconds = 3,
    };

    private static V1TopologySpreadConstraint Spread(string name, string key) => new()
    {
        TopologyKey = key,
        MaxSkew = 1,
        WhenUnsatisfiable = "ScheduleAnyway",
        LabelSelector = Pods.Selector(name),
        // Each revision spreads by itself, else the old pods of a rollout bend the new ones into one zone.
        MatchLabelKeys = ["pod-template-hash"],
    };
}
