namespace Chat.Manifests.Topology;

/// <summary>What the manifest says, resolved: who runs, what it is given, whom it talks to.</summary>
public sealed record ChatTopology(
    IReadOnlyList<BackingService> Backings,
    IReadOnlyList<ProjectService> Projects,
    IReadOnlyList<SecretKey> Secrets)
{
    public IEnumerable<Flow> Flows => Projects.SelectMany(p => p.Flows);

    public BackingService Backing(BackingKind kind) =>
        Backings.Where(b => b.Kind == kind).ToList() is [var only]
            ? only
            : throw new ManifestException($"The topology must have exactly one {kind} container.");

    public ProjectService Project(string name) =>
        Projects.FirstOrDefault(p => p.Name == name)
        ?? throw new ManifestException($"The topology has no project '{name}'.");
}

public enum BackingKind
{
    Redis,
    RabbitMq,
    MongoDb,
}

public sealed record EnvironmentValue(string Name, PodValue Value);

public sealed record NamedPort(string Name, int Port);

public sealed record DataVolume(string Name, string Path);

/// <summary>A container resource: one of the three servers behind the chat.</summary>
public sealed record BackingService(
    string Name,
    BackingKind Kind,
    string Image,
    string? Entrypoint,
    IReadOnlyList<PodValue> Args,
    IReadOnlyList<EnvironmentValue> Environment,
    IReadOnlyList<NamedPort> Ports,
    DataVolume Data)
{
    /// <summary>The Secret that holds its password and whatever else its clients or its own nodes must share.</summary>
    public string Secret => TopologyReader.SecretName(Name);

    public NamedPort Port(string name) =>
        Ports.FirstOrDefault(p => p.Name == name) ?? throw new ManifestException($"{Name} has no binding '{name}'.");

    /// <summary>The tag's major and minor number; 0.0 when the tag names none.</summary>
    public Version ImageVersion =>
        Image.Split(':') is [_, .., var tag]
        && Version.TryParse(string.Concat(tag.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')).TrimEnd('.'), out var version)
            ? version
            : new Version(0, 0);
}

/// <summary>A project resource: one of our own services. Each listens on <see cref="HttpPort"/> for at least its health.</summary>
public sealed record ProjectService(
    string Name,
    string Path,
    int? Replicas,
    bool HasService,
    bool External,
    IReadOnlyList<EnvironmentValue> Environment,
    IReadOnlyList<Flow> Flows)
{
    public const int HttpPort = 8080;
}

/// <summary>A connection the topology has; nothing else may pass in the cluster.</summary>
public sealed record Flow(string From, string To, int Port);

/// <summary>A value somebody must create once: which Secret, which key, and how it is made when nobody gives it.</summary>
public sealed record SecretKey(string Secret, string Key, Aspire.AspireGenerate? Generate)
{
    /// <summary>The parameter's name in the manifest, by which a user gives its value.</summary>
    public required string Parameter { get; init; }

    /// <summary>The same value, percent-encoded, where a connection string needs it so.</summary>
    public bool HasUriForm { get; init; }
}
