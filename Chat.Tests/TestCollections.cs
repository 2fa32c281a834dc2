using Chat.Tests;
using Xunit.Sdk;
using Xunit.v3;

// Test classes run one after the other in a few lanes, two lanes side by side. A class without a collection is in the first lane; the
// API's, the browser's, the cluster's, the traces' and the failures' have lanes of their own.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]
[assembly: TestCollectionOrderer(typeof(LongestLaneFirst))]

namespace Chat.Tests;

/// <summary>Begins with the lanes that take longest, so that none is left to run by itself at the end.</summary>
public sealed class LongestLaneFirst : ITestCollectionOrderer
{
    /// <summary>What the lane of the classes without a collection is called here.</summary>
    private const string Default = "default";

    private static readonly string[] Longest =
        [Browser.BrowserCollection.Name, ClusterCollection.Name, Default, FailureCollection.Name, TracingCollection.Name];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(c => Array.IndexOf(Longest, NameOf(c)) is var place and >= 0 ? place : Longest.Length)];

    private static string NameOf(ITestCollection collection) =>
        collection.TestCollectionDisplayName.StartsWith("Test collection for ", StringComparison.Ordinal)
            ? Default
            : collection.TestCollectionDisplayName;
}

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

/// <summary>Systems whose traces and logs are read.</summary>
[CollectionDefinition(Name)]
public sealed class TracingCollection
{
    public const string Name = "tracing";
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
