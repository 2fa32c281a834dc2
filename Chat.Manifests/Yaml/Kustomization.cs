namespace Chat.Manifests.Yaml;

/// <summary>The part of kustomize's own format that the tree uses.</summary>
public sealed record Kustomization
{
    public string ApiVersion { get; set; } = "kustomize.config.k8s.io/v1beta1";

    public string Kind { get; set; } = "Kustomization";

    public string? Namespace { get; set; }

    public List<string>? Resources { get; set; }

    public List<KustomizeLabels>? Labels { get; set; }

    public List<KustomizeConfigMap>? ConfigMapGenerator { get; set; }

    public List<KustomizePatch>? Patches { get; set; }
}

public sealed record KustomizeLabels
{
    public Dictionary<string, string> Pairs { get; set; } = [];

    public bool? IncludeSelectors { get; set; }

    public bool? IncludeTemplates { get; set; }
}

public sealed record KustomizeConfigMap
{
    public string Name { get; set; } = "";

    /// <summary>merge: into the ConfigMap of the same name that a resource below made.</summary>
    public string? Behavior { get; set; }

    public List<string>? Literals { get; set; }
}

public sealed record KustomizePatch
{
    public string Path { get; set; } = "";
}
