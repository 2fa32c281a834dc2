namespace Chat.Manifests.Topology;

/// <summary>
/// A value as a pod gets it: literals, and what only the cluster's Secrets know. Nothing secret is ever in it.
/// </summary>
public sealed record PodValue(IReadOnlyList<PodValuePart> Parts)
{
    public bool IsPlain => Parts.All(p => p is PlainPart);

    public string Plain => string.Concat(Parts.Cast<PlainPart>().Select(p => p.Text));

    public IEnumerable<SecretPart> Secrets => Parts.OfType<SecretPart>();

    /// <summary>The value with Kubernetes' <c>$(VAR)</c> for each secret; a literal <c>$(</c> is escaped as Kubernetes asks.</summary>
    public string Composed => string.Concat(Parts.Select(p => p switch
    {
        SecretPart secret => $"$({secret.Variable})",
        PlainPart plain => plain.Text.Replace("$(", "$$(", StringComparison.Ordinal),
        _ => throw new InvalidOperationException($"{p} is no part of a value."),
    }));

    public static PodValue Of(string text) => new([new PlainPart(text)]);
}

public abstract record PodValuePart;

public sealed record PlainPart(string Text) : PodValuePart;

/// <summary>A key of a Secret in the namespace.</summary>
public sealed record SecretPart(string Secret, string Key) : PodValuePart
{
    /// <summary>The variable that carries it into a composed value of the same pod.</summary>
    public string Variable => $"{Secret}_{Key}".Replace('-', '_').ToUpperInvariant();
}
