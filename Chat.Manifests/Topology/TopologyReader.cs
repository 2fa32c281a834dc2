using Chat.Manifests.Aspire;

namespace Chat.Manifests.Topology;

/// <summary>Turns a manifest, Aspire's or ours, into the topology.</summary>
public static class TopologyReader
{
    public static string SecretName(string resource) => $"{resource}-credentials";

    public static ChatTopology Read(AspireManifest manifest)
    {
        foreach (var (name, resource) in manifest.Resources)
        {
            if (resource.Type is not ("container.v0" or "project.v0" or "parameter.v0" or "value.v0" or "annotated.string"))
            {
                throw new ManifestException($"Resource '{name}' is a {resource.Type}, which has no form in the cluster yet.");
            }
        }

        var resolver = new ValueResolver(manifest);
        var backings = Named("container.v0").Select(r => Backing(r.Key, r.Value, resolver)).ToList();
        var projects = Named("project.v0").Select(r => Project(r.Key, r.Value, resolver)).ToList();
        var called = projects.SelectMany(p => p.Flows).Select(f => f.To).ToHashSet(StringComparer.Ordinal);
        projects = [.. projects.Select(p => p with { HasService = p.External || called.Contains(p.Name) })];
        return new ChatTopology(backings, projects, resolver.SecretKeys());

        IEnumerable<KeyValuePair<string, AspireResource>> Named(string type) =>
            manifest.Resources.Where(r => r.Value.Type == type).OrderBy(r => r.Key, StringComparer.Ordinal);
    }

    private static BackingService Backing(string name, AspireResource resource, ValueResolver resolver)
    {
        var image = resource.Image ?? throw new ManifestException($"Container '{name}' names no image.");
        var volume = resource.Volumes is [var only]
            ? only
            : throw new ManifestException($"Container '{name}' must have one data volume: without it a restart forgets everything.");
        return new BackingService(
            name,
            Kind(name, image),
            image,
            resource.Entrypoint,
            [.. resource.Args.Select(a => resolver.Resolve(a))],
            Environment(resource, resolver),
            [.. resource.Bindings.Select(b => new NamedPort(b.Key, resolver.Port(name, b.Key)))],
            new DataVolume("data", volume.Target));
    }

    private static ProjectService Project(string name, AspireResource resource, ValueResolver resolver)
    {
        // TLS ends at the ingress: inside the namespace nobody serves https, so what would point there is left out.
        var reachable = resource with
        {
            Env = resource.Env.Where(e => !resolver.PointsToHttps(e.Value)).ToDictionary(e => e.Key, e => e.Value),
        };
        var flows = reachable.Env.Values.SelectMany(resolver.Bindings)
            .Where(b => b.Resource != name)
            .Select(b => new Flow(name, b.Resource, resolver.Port(b.Resource, b.Binding)))
            .Distinct()
            .OrderBy(f => f.To, StringComparer.Ordinal).ThenBy(f => f.Port)
            .ToList();

        // Every project is a web host, also one without bindings: its health is asked over http.
        var environment = Environment(reachable, resolver)
            .Where(e => e.Name != "HTTP_PORTS")
            .Append(new EnvironmentValue("HTTP_PORTS", PodValue.Of($"{ProjectService.HttpPort}")))
            .OrderBy(e => e.Name, StringComparer.Ordinal)
            .ToList();
        return new ProjectService(
            name,
            resource.Path ?? throw new ManifestException($"Project '{name}' has no path."),
            resource.Replicas,
            HasService: false,
            resource.Bindings.Values.Any(b => b.External),
            environment,
            flows);
    }

    private static List<EnvironmentValue> Environment(AspireResource resource, ValueResolver resolver) =>
        [.. resource.Env.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => new EnvironmentValue(e.Key, resolver.Resolve(e.Value)))];

    private static BackingKind Kind(string name, string image) => image.Split(':')[0].Split('/')[^1] switch
    {
        "redis" => BackingKind.Redis,
        "rabbitmq" => BackingKind.RabbitMq,
        "mongo" => BackingKind.MongoDb,
        _ => throw new ManifestException($"Container '{name}' runs {image}; only redis, rabbitmq and mongo are known, with their users and probes."),
    };
}
