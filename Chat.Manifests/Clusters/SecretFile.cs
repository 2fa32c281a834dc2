using Chat.Manifests.Overlays;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Clusters;

/// <summary>
/// A secret that a server wants as a file which only its own user may read. A mounted Secret cannot be that – its group may
/// read it – so an init container makes the copy.
/// </summary>
public static class SecretFile
{
    private const string Source = "/credentials";

    public static V1Volume Volume(BackingService backing, string key) => new()
    {
        Name = "credentials",
        Secret = new V1SecretVolumeSource
        {
            SecretName = backing.Secret,
            DefaultMode = 0b100_100_000, // r--r-----
            Items = [new V1KeyToPath { Key = key, Path = key }],
        },
    };

    public static V1Container Copy(BackingService backing, string name, string key, string target, V1VolumeMount where) => new()
    {
        Name = name,
        Image = backing.Image,
        ImagePullPolicy = "IfNotPresent",
        Command = ["/bin/sh", "-c", $"rm -f {target} && install -m 0400 {Source}/{key} {target}"],
        Resources = Base.Pods.Resources(new Size("10m", "100m", "16Mi", "64Mi")),
        SecurityContext = Base.Pods.Confined(),
        VolumeMounts = [new V1VolumeMount { Name = "credentials", MountPath = Source, ReadOnlyProperty = true }, where],
    };
}
