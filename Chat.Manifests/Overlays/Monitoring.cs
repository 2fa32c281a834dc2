using Chat.Manifests.Base;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Manifests.Overlays;

/// <summary>
/// What Prometheus scrapes of our own services, where its operator's kinds exist: the meter <c>Chat</c> and the runtime's of everything but
/// the pages, all of whose paths the ingress shows to the world.
/// </summary>
public static class Monitoring
{
    /// <summary>Chat.ServiceDefaults serves it where <see cref="Switch"/> says so; a test holds both equal.</summary>
    public const string Path = "/metrics";

    public const string Switch = "Chat__Metrics__Prometheus";

    public static IEnumerable<ProjectService> Scraped(ChatTopology topology, GeneratorOptions options) =>
        options.MonitoringNamespace.Length == 0 ? [] : topology.Projects.Where(p => !p.External);

    public static PodMonitor Monitor(ChatTopology topology, GeneratorOptions options) => new()
    {
        Metadata = new V1ObjectMeta { Name = "chat" },
        Spec = new PodMonitorSpec
        {
            Selector = new V1LabelSelector
            {
                MatchExpressions =
                [
                    new V1LabelSelectorRequirement
                    {
                        Key = Pods.AppLabel,
                        OperatorProperty = "In",
                        Values = [.. Scraped(topology, options).Select(p => p.Name)],
                    },
                ],
            },
            PodMetricsEndpoints = [new PodMetricsEndpoint { Port = Projects.Port, Path = Path, Interval = "15s" }],
        },
    };
}
