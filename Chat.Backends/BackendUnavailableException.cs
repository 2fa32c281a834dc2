namespace Chat.Backends;

/// <summary>
/// A backing service could not answer in time: away, blocked or cut off. Nothing is known about whether the call took
/// effect; every call that can throw this may be repeated. Implementations turn their driver's exceptions into this
/// one, and let anything that is a bug through.
/// </summary>
public sealed class BackendUnavailableException(string backend, Exception? inner = null)
    : Exception($"{backend} is not available.", inner)
{
    /// <summary>Which: a resource name of the topology (<c>cache</c>, <c>messaging</c>, <c>chatdb</c>).</summary>
    public string Backend { get; } = backend;
}
