namespace Chat.Manifests.Overlays;

/// <summary>How much of everything, for how many people.</summary>
public sealed record Tier(
    string Name,
    Replicas Api,
    Replicas Worker,
    int Web,
    string Storage,
    bool Clustered,
    IReadOnlyDictionary<string, Size> Sizes)
{
    /// <summary>Members of a RabbitMQ cluster or MongoDB replica set where the tier has them.</summary>
    public const int QuorumMembers = 3;

    /// <summary>Three primaries, a replica for each.</summary>
    public const int RedisClusterNodes = 6;

    public int Members => Clustered ? QuorumMembers : 1;

    public static Tier Low { get; } = new("low", new(2, 2), new(1, 1), 2, "10Gi", Clustered: false, new Dictionary<string, Size>
    {
        ["api"] = new("250m", "1", "256Mi", "512Mi"),
        ["worker"] = new("100m", "500m", "128Mi", "256Mi"),
        ["web"] = new("100m", "500m", "128Mi", "256Mi"),
        ["cache"] = new("100m", "500m", "128Mi", "256Mi"),
        ["messaging"] = new("250m", "1", "512Mi", "1Gi"),
        ["mongo"] = new("250m", "1", "512Mi", "1Gi"),
    });

    public static Tier Medium { get; } = new("medium", new(5, 10), new(2, 5), 2, "50Gi", Clustered: false, new Dictionary<string, Size>
    {
        ["api"] = new("500m", "2", "384Mi", "768Mi"),
        ["worker"] = new("250m", "1", "192Mi", "384Mi"),
        ["web"] = new("100m", "1", "192Mi", "384Mi"),
        ["cache"] = new("250m", "1", "512Mi", "1Gi"),
        ["messaging"] = new("500m", "2", "1Gi", "2Gi"),
        ["mongo"] = new("1", "2", "2Gi", "4Gi"),
    });

    public static Tier High { get; } = new("high", new(10, 20), new(5, 10), 3, "50Gi", Clustered: true, new Dictionary<string, Size>
    {
        ["api"] = new("1", "2", "512Mi", "1Gi"),
        ["worker"] = new("500m", "1", "256Mi", "512Mi"),
        ["web"] = new("250m", "1", "256Mi", "512Mi"),
        ["cache"] = new("250m", "1", "512Mi", "1Gi"),
        ["messaging"] = new("1", "2", "2Gi", "4Gi"),
        ["mongo"] = new("2", "4", "4Gi", "8Gi"),
    });

    public static IReadOnlyList<Tier> Defaults { get; } = [Low, Medium, High];

    public Size SizeOf(string resource) =>
        Sizes.TryGetValue(resource, out var size) ? size : throw new ManifestException($"Tier {Name} has no size for '{resource}'.");
}

/// <summary>The bounds between which a workload scales.</summary>
public sealed record Replicas(int Min, int Max);

/// <summary>What a pod asks for and may use at most.</summary>
public sealed record Size(string Cpu, string CpuLimit, string Memory, string MemoryLimit);
