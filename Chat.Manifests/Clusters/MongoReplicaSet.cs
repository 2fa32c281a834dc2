using Chat.Manifests.Base;
using Chat.Manifests.Overlays;
using Chat.Manifests.Secrets;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Clusters;

/// <summary>
/// MongoDB as a replica set in every tier, of one or of three: the larger tier adds members, which copy the data, and the
/// smaller one removes them. A Job makes the set what the tier says, as often as it runs.
/// </summary>
public static class MongoReplicaSet
{
    public const string Set = "rs0";

    private const string KeyPath = "/keyfile/keyfile";
    private const string ScriptFile = "members.js";

    public static string MembersName(BackingService mongo) => $"{mongo.Name}-members";

    /// <summary>Members call each other to vote and to copy.</summary>
    public static IEnumerable<Flow> Flows(BackingService mongo) => [new(mongo.Name, mongo.Name, mongo.Port("tcp").Port)];

    public static V1StatefulSet Patch(BackingService mongo) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "StatefulSet",
        Metadata = new V1ObjectMeta { Name = mongo.Name },
        Spec = new V1StatefulSetSpec
        {
            Template = new V1PodTemplateSpec
            {
                Spec = new V1PodSpec
                {
                    InitContainers =
                    [
                        SecretFile.Copy(mongo, "keyfile", SecretRules.KeyfileKey, KeyPath, new V1VolumeMount { Name = "keyfile", MountPath = "/keyfile" }),
                    ],
                    Containers =
                    [
                        new V1Container
                        {
                            Name = mongo.Name,
                            Args = ["--replSet", Set, "--keyFile", KeyPath, "--bind_ip_all"],
                            VolumeMounts = [new V1VolumeMount { Name = "keyfile", MountPath = "/keyfile", ReadOnlyProperty = true }],
                        },
                    ],
                    Volumes =
                    [
                        SecretFile.Volume(mongo, SecretRules.KeyfileKey),
                        new V1Volume
                        {
                            Name = "keyfile",
                            EmptyDir = new V1EmptyDirVolumeSource { Medium = "Memory", SizeLimit = new ResourceQuantity("1Mi") },
                        },
                    ],
                },
            },
        },
    };

    public static IEnumerable<object> Members(BackingService mongo, Tier tier)
    {
        var name = MembersName(mongo);
        var script = Script.Read(ScriptFile);
        var user = mongo.Environment.First(e => e.Value.IsPlain).Value.Plain;
        var password = mongo.Environment.SelectMany(e => e.Value.Secrets).First();
        yield return Pods.Account(name);
        yield return Script.ConfigMap(name, (ScriptFile, script));
        yield return Script.Job(name, script: script, pod: new V1PodSpec
        {
            ServiceAccountName = name,
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            SecurityContext = Pods.Restricted(Pods.BackingUser),
            Containers =
            [
                new V1Container
                {
                    Name = "members",
                    Image = mongo.Image,
                    ImagePullPolicy = "IfNotPresent",
                    Command = ["mongosh", "--quiet", "--norc", "--nodb", $"/scripts/{ScriptFile}"],
                    Env =
                    [
                        new V1EnvVar { Name = "HOME", Value = "/tmp" },
                        new V1EnvVar { Name = "REPLICA_SET", Value = Set },
                        new V1EnvVar { Name = "HOSTS", Value = Hosts(mongo, tier) },
                        new V1EnvVar { Name = "MONGO_USER", Value = user },
                        Pods.FromSecret("MONGO_PASSWORD", password.Secret, password.Key),
                    ],
                    Resources = Pods.Resources(new Size("50m", "500m", "128Mi", "256Mi")),
                    SecurityContext = Pods.Confined(),
                    VolumeMounts =
                    [
                        new V1VolumeMount { Name = "scripts", MountPath = "/scripts", ReadOnlyProperty = true },
                        new V1VolumeMount { Name = "tmp", MountPath = "/tmp" },
                    ],
                },
            ],
            Volumes =
            [
                new V1Volume { Name = "scripts", ConfigMap = new V1ConfigMapVolumeSource { Name = name } },
                Pods.Scratch("tmp"),
            ],
        });
    }

    /// <summary>The same value for clients of three: every member as a seed, and the set's name, so that they follow its primary.</summary>
    public static PodValue Rewrite(PodValue value, BackingService mongo, Tier tier)
    {
        var one = $"@{mongo.Name}:{mongo.Port("tcp").Port}/";
        if (!value.Parts.OfType<PlainPart>().Any(p => p.Text.Contains(one, StringComparison.Ordinal)))
        {
            return value;
        }

        var parts = value.Parts.Select(p => p is PlainPart plain
            ? new PlainPart(plain.Text.Replace(one, $"@{Hosts(mongo, tier)}/", StringComparison.Ordinal))
            : p);
        return new PodValue([.. parts, new PlainPart($"&replicaSet={Set}")]);
    }

    private static string Hosts(BackingService mongo, Tier tier) => string.Join(',', Enumerable.Range(0, tier.Members)
        .Select(i => $"{mongo.Name}-{i}.{Backings.Nodes(mongo.Name)}:{mongo.Port("tcp").Port}"));
}
