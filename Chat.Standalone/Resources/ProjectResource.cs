namespace Aspire.Hosting.ApplicationModel;

/// <summary>A .NET project of this repository, started as <c>dotnet X.dll</c>.</summary>
public class ProjectResource(string name)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport;
