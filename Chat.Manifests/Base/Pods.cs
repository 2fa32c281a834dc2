using Chat.Manifests.Overlays;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Base;

/// <summary>What every pod has in common: who it runs as, what it may do, how it gets its variables.</summary>
public static class Pods
{
    public const string AppLabel = "app";

    public const string PartOf = "app.kubernetes.io/part-of";

    public const string ZoneLabel = "topology.kubernetes.io/zone";

    public const string HostLabel = "kubernetes.io/hostname";

    /// <summary>The user of Microsoft's chiseled images.</summary>
    public const long DotnetUser = 1654;

    /// <summary>The official images of redis, rabbitmq and mongo all made their user the first of the system's range.</summary>
    public const long BackingUser = 999;

    public static Dictionary<string, string> App(string name) => new() { [AppLabel] = name };

    public static V1LabelSelector Selector(string name) => new() { MatchLabels = App(name) };

    public static V1PodSecurityContext Restricted(long user, bool ownsVolume = false) => new()
    {
        RunAsNonRoot = true,
        RunAsUser = user,
        RunAsGroup = user,
        FsGroup = ownsVolume ? user : null,
        // Large volumes are not walked at every start.
        FsGroupChangePolicy = ownsVolume ? "OnRootMismatch" : null,
        SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
    };

    public static V1SecurityContext Confined() => new()
    {
        AllowPrivilegeEscalation = false,
        ReadOnlyRootFilesystem = true,
        Capabilities = new V1Capabilities { Drop = ["ALL"] },
    };

    public static V1ResourceRequirements Resources(Size size) => new()
    {
        Requests = Quantities(size.Cpu, size.Memory),
        Limits = Quantities(size.CpuLimit, size.MemoryLimit),
    };

    public static V1ServiceAccount Account(string name) => new()
    {
        ApiVersion = "v1",
        Kind = "ServiceAccount",
        Metadata = new V1ObjectMeta { Name = name },
        AutomountServiceAccountToken = false,
    };

    public static V1EnvVar FromSecret(string name, string secret, string key) => new()
    {
        Name = name,
        ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = secret, Key = key } },
    };

    public static V1EnvVar FromField(string name, string path) => new()
    {
        Name = name,
        ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = path } },
    };

    /// <summary>
    /// The variables that need a Secret, in an order in which each <c>$(VAR)</c> stands after the variable it names:
    /// Kubernetes expands only what came before.
    /// </summary>
    public static List<V1EnvVar> SecretEnvironment(IEnumerable<EnvironmentValue> environment, IEnumerable<PodValue> alsoUsed)
    {
        var needed = environment.Where(e => !e.Value.IsPlain).ToList();
        var composed = needed.Where(e => !IsWhole(e.Value)).ToList();
        var parts = composed.SelectMany(e => e.Value.Secrets).Concat(alsoUsed.SelectMany(v => v.Secrets))
            .DistinctBy(s => s.Variable).OrderBy(s => s.Variable, StringComparer.Ordinal);
        return
        [
            .. parts.Select(s => FromSecret(s.Variable, s.Secret, s.Key)),
            .. needed.Where(e => IsWhole(e.Value)).Select(e => FromSecret(e.Name, e.Value.Secrets.Single().Secret, e.Value.Secrets.Single().Key)),
            .. composed.Select(e => new V1EnvVar { Name = e.Name, Value = e.Value.Composed }),
        ];

        static bool IsWhole(PodValue value) => value.Parts is [SecretPart];
    }

    public static List<string> PlainLiterals(IEnumerable<EnvironmentValue> environment) =>
        [.. environment.Where(e => e.Value.IsPlain).Select(e => $"{e.Name}={e.Value.Plain}")];

    /// <summary>Scratch space beside the read-only root; a limit, so that no pod fills its node.</summary>
    public static V1Volume Scratch(string name, string limit = "256Mi") => new()
    {
        Name = name,
        EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity(limit) },
    };

    private static Dictionary<string, ResourceQuantity> Quantities(string cpu, string memory) => new()
    {
        ["cpu"] = new ResourceQuantity(cpu),
        ["memory"] = new ResourceQuantity(memory),
    };
}
