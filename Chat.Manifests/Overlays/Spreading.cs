using Chat.Manifests.Base;
using k8s.Models;

namespace Chat.Manifests.Overlays;

/// <summary>Where the members of a cluster may not be: together. Hard rules, because a majority in one zone goes with that zone.</summary>
public static class Spreading
{
    public static V1Affinity NeverTogether(string name) => new()
    {
        PodAntiAffinity = new V1PodAntiAffinity
        {
            RequiredDuringSchedulingIgnoredDuringExecution =
            [
                new V1PodAffinityTerm { TopologyKey = Pods.HostLabel, LabelSelector = Pods.Selector(name) },
            ],
        },
    };

    public static V1TopologySpreadConstraint OverZones(string name) => Evenly(name, Pods.ZoneLabel);

    /// <summary>For six on three nodes: two each, never three.</summary>
    public static V1TopologySpreadConstraint OverNodes(string name) => Evenly(name, Pods.HostLabel);

    private static V1TopologySpreadConstraint Evenly(string name, string key) => new()
    {
        TopologyKey = key,
        MaxSkew = 1,
        WhenUnsatisfiable = "DoNotSchedule",
        LabelSelector = Pods.Selector(name),
    };
}
