using System.Collections.Concurrent;
using Chat.Servers;
using Chat.Tests.Servers;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>A tier as kustomize renders it, in typed form.</summary>
public sealed record Rendered(string Tier, string Yaml, IReadOnlyList<object> Documents)
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<Rendered>>> Cache = new();

    public IEnumerable<T> Of<T>() => Documents.OfType<T>();

    /// <summary>Every pod template, by the name of what makes its pods.</summary>
    public IEnumerable<(string Owner, V1PodTemplateSpec Template)> Pods =>
        [
            .. Of<V1Deployment>().Select(d => (d.Metadata.Name, d.Spec.Template)),
            .. Of<V1StatefulSet>().Select(s => (s.Metadata.Name, s.Spec.Template)),
            .. Of<V1Job>().Select(j => (j.Metadata.Name, j.Spec.Template)),
        ];

    public IEnumerable<(string Owner, V1PodSpec Pod, V1Container Container)> Containers => Pods.SelectMany(p =>
        (p.Template.Spec.InitContainers ?? []).Concat(p.Template.Spec.Containers).Select(c => (p.Owner, p.Template.Spec, c)));

    public static Task<Rendered> BaseAsync() => FolderAsync("base", Sources.Tree);

    public static Task<Rendered> TierAsync(string tier) => FolderAsync(tier, Path.Combine(Sources.Tree, "overlays", tier));

    public static Task<Rendered> FolderAsync(string name, string folder) => Cache.GetOrAdd(folder, _ => new(async () =>
    {
        var (code, yaml) = await Kubectl(["kustomize", folder]);
        Assert.True(code == 0, yaml);
        return new Rendered(name, yaml, TypedDocuments.Parse(yaml));
    })).Value;

    /// <summary>kubectl of the machine, else the one inside kubesim; skips the test where there is none.</summary>
    public static Task<(int Code, string Output)> Kubectl(IReadOnlyList<string> arguments)
    {
        if (ServerFinder.InSharedBin("kubesim") is { } kubesim)
        {
            return Commands.RunAsync(kubesim, ["kubectl", .. arguments]);
        }

        var kubectl = ProgramFinder.Find("kubectl");
        Assert.SkipWhen(kubectl is null, "Neither kubectl nor kubesim is installed here.");
        return Commands.RunAsync(kubectl, arguments);
    }

    public static bool Matches(V1LabelSelector selector, IDictionary<string, string>? labels) =>
        selector.MatchExpressions is null or { Count: 0 }
        && (selector.MatchLabels ?? new Dictionary<string, string>()).All(l => labels is not null && labels.TryGetValue(l.Key, out var value) && value == l.Value);
}
