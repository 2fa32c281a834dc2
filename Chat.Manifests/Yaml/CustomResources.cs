using k8s.Models;

namespace Chat.Manifests.Yaml;

/// <summary>KEDA: scales a workload by what a trigger measures.</summary>
public sealed record ScaledObject
{
    public string ApiVersion { get; set; } = "keda.sh/v1alpha1";

    public string Kind { get; set; } = "ScaledObject";

    public V1ObjectMeta Metadata { get; set; } = new();

    public ScaledObjectSpec Spec { get; set; } = new();
}

public sealed record ScaledObjectSpec
{
    public ScaleTarget ScaleTargetRef { get; set; } = new();

    public int PollingInterval { get; set; }

    public int CooldownPeriod { get; set; }

    public int MinReplicaCount { get; set; }

    public int MaxReplicaCount { get; set; }

    /// <summary>How many run while the broker cannot be asked.</summary>
    public ScaleFallback? Fallback { get; set; }

    public List<ScaleTrigger> Triggers { get; set; } = [];
}

public sealed record ScaleTarget
{
    public string Name { get; set; } = "";
}

public sealed record ScaleFallback
{
    public int FailureThreshold { get; set; }

    public int Replicas { get; set; }

    public string? Behavior { get; set; }
}

public sealed record ScaleTrigger
{
    public string Type { get; set; } = "";

    public Dictionary<string, string> Metadata { get; set; } = [];

    public ScaleAuthenticationRef? AuthenticationRef { get; set; }
}

public sealed record ScaleAuthenticationRef
{
    public string Name { get; set; } = "";
}

/// <summary>KEDA: where a trigger finds its credentials.</summary>
public sealed record TriggerAuthentication
{
    public string ApiVersion { get; set; } = "keda.sh/v1alpha1";

    public string Kind { get; set; } = "TriggerAuthentication";

    public V1ObjectMeta Metadata { get; set; } = new();

    public TriggerAuthenticationSpec Spec { get; set; } = new();
}

public sealed record TriggerAuthenticationSpec
{
    public List<TriggerSecret> SecretTargetRef { get; set; } = [];
}

public sealed record TriggerSecret
{
    public string Parameter { get; set; } = "";

    public string Name { get; set; } = "";

    public string Key { get; set; } = "";
}

/// <summary>Prometheus operator: what to scrape.</summary>
public sealed record ServiceMonitor
{
    public string ApiVersion { get; set; } = "monitoring.coreos.com/v1";

    public string Kind { get; set; } = "ServiceMonitor";

    public V1ObjectMeta Metadata { get; set; } = new();

    public ServiceMonitorSpec Spec { get; set; } = new();
}

public sealed record ServiceMonitorSpec
{
    public V1LabelSelector Selector { get; set; } = new();

    public List<ServiceMonitorEndpoint> Endpoints { get; set; } = [];
}

public sealed record ServiceMonitorEndpoint
{
    public string Port { get; set; } = "";

    public string Interval { get; set; } = "";
}

/// <summary>Prometheus operator: what to scrape where there need be no Service.</summary>
public sealed record PodMonitor
{
    public string ApiVersion { get; set; } = "monitoring.coreos.com/v1";

    public string Kind { get; set; } = "PodMonitor";

    public V1ObjectMeta Metadata { get; set; } = new();

    public PodMonitorSpec Spec { get; set; } = new();
}

public sealed record PodMonitorSpec
{
    public V1LabelSelector Selector { get; set; } = new();

    public List<PodMetricsEndpoint> PodMetricsEndpoints { get; set; } = [];
}

public sealed record PodMetricsEndpoint
{
    public string Port { get; set; } = "";

    public string Path { get; set; } = "";

    public string Interval { get; set; } = "";
}
