using System.Security.Cryptography;
using System.Text;
using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Manifests.Clusters;

/// <summary>Files that pods read, kept as files beside this class, and the marks that make pods follow their changes.</summary>
public static class Script
{
    /// <summary>On a pod template: a changed configuration is a changed template, so the pods roll.</summary>
    public const string ConfigHash = "chat/config-hash";

    public static string Read(string name)
    {
        using var stream = typeof(Script).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    public static V1ConfigMap ConfigMap(string name, params (string File, string Content)[] files) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = new V1ObjectMeta { Name = name },
        Data = files.ToDictionary(f => f.File, f => f.Content),
    };

    public static string Hash(params object[] content)
    {
        var text = string.Concat(content.Select(c => c as string ?? OutputTree.Serialize(c)));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..10];
    }

    /// <summary>
    /// A Job's template can never be changed, so a changed Job is another Job: its name carries the hash of what it does. The
    /// script may run any number of times; a day later the finished Job goes by itself.
    /// </summary>
    public static V1Job Job(string name, V1PodSpec pod, string script)
    {
        pod.RestartPolicy = "OnFailure";
        var spec = new V1JobSpec
        {
            BackoffLimit = 20,
            ActiveDeadlineSeconds = 1800,
            TtlSecondsAfterFinished = 86400,
            Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = Base.Pods.App(name) }, Spec = pod },
        };
        return new V1Job
        {
            ApiVersion = "batch/v1",
            Kind = "Job",
            Metadata = new V1ObjectMeta { Name = $"{name}-{Hash(spec, script)}", Labels = Base.Pods.App(name) },
            Spec = spec,
        };
    }
}
