using Chat.Manifests.Base;
using Chat.Manifests.Yaml;

namespace Chat.Manifests.Overlays;

/// <summary>Collects a folder's files and writes the kustomization that lists them.</summary>
public sealed class OverlayFolder(OutputTree tree, string path)
{
    private readonly List<string> resources = [];
    private readonly List<string> patches = [];

    public void Include(params string[] folders) => resources.AddRange(folders);

    public void Resource(string file, params object[] documents)
    {
        tree.Add($"{path}/{file}", documents);
        resources.Add(file);
    }

    public void Patch(string file, object document)
    {
        tree.Add($"{path}/{file}", document);
        patches.Add(file);
    }

    public void Write(GeneratorOptions options) => tree.Add($"{path}/kustomization.yaml", new Kustomization
    {
        Namespace = options.Namespace,
        Labels = [BaseTree.PartOfChat()],
        Resources = resources,
        Patches = patches.Count > 0 ? [.. patches.Select(p => new KustomizePatch { Path = p })] : null,
    });
}
