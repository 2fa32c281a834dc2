// Test classes run one after the other in a few lanes side by side. A class without a collection is in the first lane; the API's, the
// browser's, the cluster's and the failures' have lanes of their own.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace Chat.Tests;

/// <summary>What costs a processor rather than waits for something: clusters, whole AppHosts.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterCollection
{
    public const string Name = "cluster";
}

/// <summary>Systems whose servers are broken while people chat.</summary>
[CollectionDefinition(Name)]
public sealed class FailureCollection
{
    public const string Name = "failures";
}

/// <summary>
/// Nothing else runs meanwhile. Containers change the machine's network interfaces, at which Chromium drops its connections. Publishing
/// images writes beside the files that running systems serve. A test that listens to this process's activities would hear others'.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
