using Aspire.Hosting.ApplicationModel;
using Chat.Servers;

namespace Chat.Standalone.Backing;

/// <summary>What stands for a backing service, and why: people must be able to see at a glance what they are talking to.</summary>
internal sealed record BackingChoice(BackingSource Source, string What, string Why)
{
    /// <summary>The server to run; null where it runs elsewhere or is a file.</summary>
    public LocalServer? Server { get; init; }

    /// <summary>How it is reached, by the resource referred to (a server, or a database of it), where not by its own expression.</summary>
    public IReadOnlyDictionary<IResource, Func<string>> ConnectionStrings { get; init; } = new Dictionary<IResource, Func<string>>();

    /// <summary>The endpoints that the running server has.</summary>
    public IReadOnlyDictionary<string, Func<int>> Ports { get; init; } = new Dictionary<string, Func<int>>();
}

internal enum BackingSource
{
    Given,
    Found,
    Embedded,
}
