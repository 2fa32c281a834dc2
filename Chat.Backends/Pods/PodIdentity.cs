namespace Chat.Backends.Pods;

/// <summary>What tells this process from every other, also from itself before a restart.</summary>
public sealed record PodIdentity(string Id)
{
    public static PodIdentity New() => new(Guid.NewGuid().ToString("N")[..12]);
}
