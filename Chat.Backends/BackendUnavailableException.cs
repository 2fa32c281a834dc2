using Chat.Backends.Availability;

namespace Chat.Backends;

/// <summary>
/// A backing service does not do it now: it is unavailable, too slow, contended, or refuses. Nothing is known about whether the call
/// took effect; every call that can throw this may be repeated. Implementations turn their driver's exceptions into this one, and let
/// through what concerns one call alone (<see cref="Verdict.WrongData"/>, <see cref="Verdict.Bug"/>).
/// </summary>
public sealed class BackendUnavailableException(string backend, Exception? inner = null, Verdict verdict = Verdict.Unavailable)
    : Exception($"{backend} is not available.", inner)
{
    /// <summary>Which: a resource name of the topology (<c>cache</c>, <c>messaging</c>, <c>chatdb</c>).</summary>
    public string Backend { get; } = backend;

    /// <summary>Why; neither <see cref="Verdict.WrongData"/> nor <see cref="Verdict.Bug"/>.</summary>
    public Verdict Verdict { get; } = verdict;
}
