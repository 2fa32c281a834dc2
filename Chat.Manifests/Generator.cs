using Chat.Manifests.Aspire;
using Chat.Manifests.Base;
using Chat.Manifests.Overlays;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;

namespace Chat.Manifests;

/// <summary>Manifest in, tree out; no other input.</summary>
public static class Generator
{
    public static OutputTree Generate(AspireManifest manifest, GeneratorOptions options)
    {
        var topology = TopologyReader.Read(manifest);
        var tree = new OutputTree();
        BaseTree.Add(tree, topology, options);
        OverlayTree.Add(tree, topology, options);
        return tree;
    }
}
