using Chat.Manifests.Base;
using Chat.Manifests.Overlays;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Clusters;

/// <summary>
/// Redis Cluster: three primaries, a replica for each, in another zone where zones are known, else on another node. It has a name of its own beside the single Redis, because
/// the one cannot become the other; what the cache held is made again from the archive.
/// </summary>
public static class RedisCluster
{
    private const string BusName = "bus";
    private const string Config = "redis-cluster.conf";
    private const string Ready = "cluster-ready.sh";
    private const string MembersScript = "cluster-members.sh";

    public static string Name(BackingService redis) => $"{redis.Name}-cluster";

    public static string MembersName(BackingService redis) => $"{Name(redis)}-members";

    public static IEnumerable<Flow> Flows(BackingService redis)
    {
        var port = redis.Port("tcp").Port;
        yield return new Flow(Name(redis), Name(redis), port);
        yield return new Flow(Name(redis), Name(redis), Bus(redis));
        yield return new Flow(MembersName(redis), Name(redis), port);
    }

    public static IEnumerable<object> Resources(BackingService redis, Tier tier, GeneratorOptions options)
    {
        yield return Pods.Account(Name(redis));
        yield return Pods.Account(MembersName(redis));
        yield return Script.ConfigMap(
            Name(redis),
            (Config, Script.Read(Config)),
            (Ready, Script.Read(Ready)),
            (MembersScript, Script.Read(MembersScript)));
        yield return Service(redis, redis.Name, headless: false);
        yield return Service(redis, Backings.Nodes(Name(redis)), headless: true);
        yield return StatefulSet(redis, tier, options);
        yield return Script.Job(MembersName(redis), MembersPod(redis), Script.Read(MembersScript));
    }

    /// <summary>The same value for clients of the cluster: several seeds, so that one lost node does not hide the rest.</summary>
    public static PodValue Rewrite(PodValue value, BackingService redis)
    {
        var one = $"{redis.Name}:{redis.Port("tcp").Port},";
        return value.Parts[0] is PlainPart first && first.Text.StartsWith(one, StringComparison.Ordinal)
            ? new PodValue([new PlainPart($"{string.Join(',', Hosts(redis))},{first.Text[one.Length..]}"), .. value.Parts.Skip(1)])
            : value;
    }

    private static int Bus(BackingService redis) => redis.Port("tcp").Port + 10000;

    private static IEnumerable<string> Hosts(BackingService redis) => Enumerable.Range(0, Tier.RedisClusterNodes)
        .Select(i => $"{Name(redis)}-{i}.{Backings.Nodes(Name(redis))}:{redis.Port("tcp").Port}");

    private static SecretPart Password(BackingService redis) => redis.Environment.SelectMany(e => e.Value.Secrets).First();

    private static V1Service Service(BackingService redis, string name, bool headless) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = new V1ObjectMeta { Name = name, Labels = Pods.App(Name(redis)) },
        Spec = new V1ServiceSpec
        {
            Type = headless ? null : "ClusterIP",
            ClusterIP = headless ? "None" : null,
            PublishNotReadyAddresses = headless ? true : null,
            Selector = Pods.App(Name(redis)),
            Ports = Backings.Ports(redis),
        },
    };

    private static V1StatefulSet StatefulSet(BackingService redis, Tier tier, GeneratorOptions options) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "StatefulSet",
        Metadata = new V1ObjectMeta { Name = Name(redis), Labels = Pods.App(Name(redis)) },
        Spec = new V1StatefulSetSpec
        {
            ServiceName = Backings.Nodes(Name(redis)),
            Replicas = Tier.RedisClusterNodes,
            RevisionHistoryLimit = 5,
            PodManagementPolicy = "Parallel",
            Selector = Pods.Selector(Name(redis)),
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta
                {
                    Labels = Pods.App(Name(redis)),
                    Annotations = new Dictionary<string, string> { [Script.ConfigHash] = Script.Hash(Script.Read(Config), Script.Read(Ready)) },
                },
                Spec = NodePod(redis, tier),
            },
            VolumeClaimTemplates = [Backings.Claim(redis.Data.Name, Backings.ClaimSize, options)],
        },
    };

    private static V1PodSpec NodePod(BackingService redis, Tier tier)
    {
        var alone = ServerProfile.Of(redis);
        var password = Password(redis);
        return new V1PodSpec
        {
            ServiceAccountName = Name(redis),
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            TerminationGracePeriodSeconds = alone.GraceSeconds,
            SecurityContext = Pods.Restricted(Pods.BackingUser, ownsVolume: true),
            TopologySpreadConstraints = [Spreading.OverZones(Name(redis)), Spreading.OverNodes(Name(redis))],
            Containers =
            [
                new V1Container
                {
                    Name = redis.Name,
                    Image = redis.Image,
                    ImagePullPolicy = "IfNotPresent",
                    Command = ["redis-server", $"/etc/redis/{Config}"],
                    Args =
                    [
                        "--requirepass", $"$({password.Variable})",
                        "--masterauth", $"$({password.Variable})",
                        // A pod that comes back has another address, and says so itself.
                        "--cluster-announce-ip", "$(POD_IP)",
                        // Where it runs, for those who choose its primary.
                        "--cluster-announce-human-nodename", "$(NODE_ZONE)/$(NODE_NAME)",
                    ],
                    Ports =
                    [
                        new V1ContainerPort { Name = "tcp", ContainerPort = redis.Port("tcp").Port, Protocol = "TCP" },
                        new V1ContainerPort { Name = BusName, ContainerPort = Bus(redis), Protocol = "TCP" },
                    ],
                    Env =
                    [
                        Pods.FromSecret(password.Variable, password.Secret, password.Key),
                        Pods.FromField("POD_IP", "status.podIP"),
                        // Kubernetes copies it to the pod since 1.35; before, it is empty.
                        Pods.FromField("NODE_ZONE", $"metadata.labels['{Pods.ZoneLabel}']"),
                        Pods.FromField("NODE_NAME", "spec.nodeName"),
                        new V1EnvVar { Name = "HOSTS", Value = string.Join(' ', Hosts(redis)) },
                        .. alone.Environment,
                    ],
                    Resources = Pods.Resources(tier.SizeOf(redis.Name)),
                    SecurityContext = Pods.Confined(),
                    StartupProbe = alone.Startup,
                    LivenessProbe = alone.Liveness,
                    ReadinessProbe = ServerProfile.Exec(5, 2, 5, "/bin/sh", $"/etc/redis/{Ready}"),
                    VolumeMounts =
                    [
                        new V1VolumeMount { Name = redis.Data.Name, MountPath = redis.Data.Path },
                        new V1VolumeMount { Name = "config", MountPath = "/etc/redis", ReadOnlyProperty = true },
                        .. alone.Scratch.Select(s => new V1VolumeMount { Name = s.Name, MountPath = s.Path }),
                    ],
                },
            ],
            Volumes = [ConfigVolume(redis), .. alone.Scratch.Select(s => Pods.Scratch(s.Name))],
        };
    }

    private static V1PodSpec MembersPod(BackingService redis) => new()
    {
        ServiceAccountName = MembersName(redis),
        AutomountServiceAccountToken = false,
        EnableServiceLinks = false,
        SecurityContext = Pods.Restricted(Pods.BackingUser),
        Containers =
        [
            new V1Container
            {
                Name = "members",
                Image = redis.Image,
                ImagePullPolicy = "IfNotPresent",
                Command = ["/bin/sh", $"/etc/redis/{MembersScript}"],
                Env =
                [
                    new V1EnvVar { Name = "HOSTS", Value = string.Join(' ', Hosts(redis)) },
                    .. ServerProfile.Of(redis).Environment,
                ],
                Resources = Pods.Resources(new Size("50m", "500m", "32Mi", "128Mi")),
                SecurityContext = Pods.Confined(),
                VolumeMounts =
                [
                    new V1VolumeMount { Name = "config", MountPath = "/etc/redis", ReadOnlyProperty = true },
                    new V1VolumeMount { Name = "tmp", MountPath = "/tmp" },
                ],
            },
        ],
        Volumes = [ConfigVolume(redis), Pods.Scratch("tmp")],
    };

    private static V1Volume ConfigVolume(BackingService redis) =>
        new() { Name = "config", ConfigMap = new V1ConfigMapVolumeSource { Name = Name(redis) } };
}
