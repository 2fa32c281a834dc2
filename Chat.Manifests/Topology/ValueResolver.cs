using System.Globalization;
using Chat.Manifests.Aspire;

namespace Chat.Manifests.Topology;

/// <summary>Follows references to their end: a literal, or the key of a Secret.</summary>
public sealed class ValueResolver(AspireManifest manifest)
{
    private const int DeepestChain = 20;

    public PodValue Resolve(string text) => new(Join(Parts(text, 0)));

    /// <summary>The bindings that a value reaches, through whatever chain of connection strings.</summary>
    public IEnumerable<(string Resource, string Binding)> Bindings(string text) =>
        References(text, 0).Where(r => r.Path.StartsWith("bindings.", StringComparison.Ordinal))
            .Select(r => (r.Resource, r.Path.Split('.')[1]))
            .Distinct();

    public bool PointsToHttps(string text) =>
        Bindings(text).Any(b => Get(b.Resource) is { Type: "project.v0" } project && Binding(project, b.Resource, b.Binding).Scheme == "https");

    public int Port(string resource, string binding)
    {
        var target = Get(resource);
        var found = Binding(target, resource, binding);
        return target.Type == "project.v0"
            ? ProjectService.HttpPort
            : found.TargetPort ?? found.Port ?? throw new ManifestException($"Binding '{binding}' of '{resource}' has no port.");
    }

    /// <summary>Every secret parameter of the manifest, by Secret and key.</summary>
    public IReadOnlyList<SecretKey> SecretKeys() =>
        [.. manifest.Resources
            .Where(r => r.Value.Type == "parameter.v0" && IsSecret(r.Value))
            .OrderBy(r => r.Key, StringComparer.Ordinal)
            .Select(r =>
            {
                var (secret, key) = Home(r.Key);
                return new SecretKey(secret, key, r.Value.Inputs.Values.First().Default?.Generate)
                {
                    Parameter = r.Key,
                    HasUriForm = manifest.Resources.Values.Any(a =>
                        a is { Type: "annotated.string", Filter: "uri" } && a.Value == $"{{{r.Key}.value}}"),
                };
            })];

    private IEnumerable<PodValuePart> Parts(string text, int depth)
    {
        Guard(text, depth);
        return Expression.Parse(text).Parts.SelectMany(part => part switch
        {
            Literal literal => [new PlainPart(literal.Text)],
            Reference reference => Follow(reference, depth),
            _ => throw new InvalidOperationException($"{part} is no part of an expression."),
        });
    }

    private IEnumerable<PodValuePart> Follow(Reference reference, int depth)
    {
        var resource = Get(reference.Resource);
        return (resource.Type, reference.Path) switch
        {
            ("parameter.v0", "value") => [Parameter(reference.Resource, resource)],
            ("annotated.string", "value") => Annotated(reference.Resource, resource, depth),
            (_, "connectionString") => Parts(
                resource.ConnectionString ?? throw new ManifestException($"'{reference.Resource}' has no connection string."), depth + 1),
            (_, var path) when path.StartsWith("bindings.", StringComparison.Ordinal) => [new PlainPart(BindingValue(reference))],
            _ => throw new ManifestException($"'{{{reference.Resource}.{reference.Path}}}' names nothing that a {resource.Type} has."),
        };
    }

    private IEnumerable<PodValuePart> Annotated(string name, AspireResource resource, int depth)
    {
        if (resource.Filter is not "uri")
        {
            throw new ManifestException($"'{name}' asks for the filter '{resource.Filter}'; only uri is known.");
        }

        var value = resource.Value ?? throw new ManifestException($"'{name}' has no value.");
        return Join(Parts(value, depth + 1)).Select(p => p switch
        {
            // A pod cannot encode, so the Secret carries the encoded form beside the plain one.
            SecretPart secret => secret with { Key = $"{secret.Key}-uri" },
            PlainPart plain => new PlainPart(Uri.EscapeDataString(plain.Text)),
            _ => p,
        });
    }

    private PodValuePart Parameter(string name, AspireResource resource)
    {
        if (IsSecret(resource))
        {
            var (secret, key) = Home(name);
            return new SecretPart(secret, key);
        }

        var literal = resource.Value is { } value && !value.Contains('{', StringComparison.Ordinal) ? value : null;
        return new PlainPart(literal ?? resource.Inputs.Values.FirstOrDefault()?.Default?.Value
            ?? throw new ManifestException($"Parameter '{name}' has no value; give it a default in the topology."));
    }

    /// <summary><c>cache-password</c> belongs to resource <c>cache</c>: key <c>password</c> of its Secret.</summary>
    private (string Secret, string Key) Home(string parameter)
    {
        var owner = manifest.Resources
            .Where(r => r.Value.Type == "container.v0" && parameter.StartsWith($"{r.Key}-", StringComparison.Ordinal))
            .Select(r => r.Key)
            .OrderByDescending(k => k.Length)
            .FirstOrDefault();
        return owner is null
            ? (TopologyReader.SecretName(parameter), "value")
            : (TopologyReader.SecretName(owner), parameter[(owner.Length + 1)..]);
    }

    private string BindingValue(Reference reference)
    {
        var (binding, property) = reference.Path.Split('.') is [_, var b, var p]
            ? (b, p)
            : throw new ManifestException($"'{reference.Path}' is no property of a binding.");
        var resource = Get(reference.Resource);
        var port = Port(reference.Resource, binding).ToString(CultureInfo.InvariantCulture);
        var scheme = Binding(resource, reference.Resource, binding).Scheme;
        return property switch
        {
            "host" => reference.Resource,
            "port" or "targetPort" => port,
            "scheme" => scheme,
            "url" => $"{scheme}://{reference.Resource}:{port}",
            _ => throw new ManifestException($"'{reference.Path}' is no property of a binding."),
        };
    }

    private IEnumerable<Reference> References(string text, int depth)
    {
        Guard(text, depth);
        foreach (var reference in Expression.Parse(text).Parts.OfType<Reference>())
        {
            yield return reference;
            var next = reference.Path switch
            {
                "connectionString" => Get(reference.Resource).ConnectionString,
                "value" when Get(reference.Resource).Type == "annotated.string" => Get(reference.Resource).Value,
                _ => null,
            };
            foreach (var further in next is null ? [] : References(next, depth + 1))
            {
                yield return further;
            }
        }
    }

    private AspireResource Get(string name) =>
        manifest.Resources.TryGetValue(name, out var resource)
            ? resource
            : throw new ManifestException($"The manifest refers to '{name}' and does not define it.");

    private static AspireBinding Binding(AspireResource resource, string name, string binding) =>
        resource.Bindings.TryGetValue(binding, out var found)
            ? found
            : throw new ManifestException($"'{name}' has no binding '{binding}'.");

    private static bool IsSecret(AspireResource parameter) => parameter.Inputs.Values.Any(i => i.Secret);

    private static void Guard(string text, int depth)
    {
        if (depth > DeepestChain)
        {
            throw new ManifestException($"'{text}' refers to itself.");
        }
    }

    private static List<PodValuePart> Join(IEnumerable<PodValuePart> parts)
    {
        var joined = new List<PodValuePart>();
        foreach (var part in parts)
        {
            if (part is PlainPart plain && joined is [.., PlainPart last])
            {
                joined[^1] = new PlainPart(last.Text + plain.Text);
            }
            else
            {
                joined.Add(part);
            }
        }

        return joined.Count == 0 ? [new PlainPart("")] : joined;
    }
}
