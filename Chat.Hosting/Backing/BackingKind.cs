namespace Chat.Hosting.Backing;

/// <summary>How a backing service runs, in the order in which the ways are tried.</summary>
internal enum BackingKind
{
    /// <summary>Somebody else runs it: configuration has its connection string.</summary>
    Given,

    /// <summary>As Aspire's own container.</summary>
    Container,

    /// <summary>As a server that is installed on this machine, on a free port.</summary>
    Found,

    /// <summary>As what the build brings along: Garnet, or a SQLite file.</summary>
    Embedded,
}

/// <summary>The way that was chosen for a backing service.</summary>
/// <param name="Kind">The way.</param>
/// <param name="Reason">Why, for people: "no container runtime", "Chat:Backing=embedded".</param>
/// <param name="Program">The full path of the server's program, for <see cref="BackingKind.Found"/>.</param>
internal sealed record BackingChoice(BackingKind Kind, string Reason, string? Program = null);
