namespace Chat.Manifests;

/// <summary>What differs between installations; everything else comes from the topology. A default for each.</summary>
public sealed record GeneratorOptions
{
    public string Namespace { get; init; } = "chat";

    public string Registry { get; init; } = "registry.example.com/chat";

    public string Tag { get; init; } = "1.0.0";

    public string Host { get; init; } = "chat.example.com";

    /// <summary>The cert-manager ClusterIssuer; empty: the TLS Secret is somebody else's work.</summary>
    public string Issuer { get; init; } = "letsencrypt";

    /// <summary>Empty: the cluster's default class.</summary>
    public string StorageClass { get; init; } = "";

    public string ClusterDomain { get; init; } = "cluster.local";

    public string IngressNamespace { get; init; } = "ingress-nginx";

    public string KedaNamespace { get; init; } = "keda";

    /// <summary>Where Prometheus runs; given: the broker, the API and the workers are scraped (needs the Prometheus operator's kinds).</summary>
    public string MonitoringNamespace { get; init; } = "";

    /// <summary>An OTLP collector as http://service.namespace:port; given: the services send it traces and metrics.</summary>
    public string Otlp { get; init; } = "";

    public IReadOnlyList<Overlays.Tier> Tiers { get; init; } = Overlays.Tier.Defaults;

    public string Image(string project) => $"{Registry.TrimEnd('/')}/chat-{project}:{Tag}";
}
