using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Where a project is. The build writes a class <c>Projects.X</c> for each project that the AppHost refers to.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    string ProjectPath { get; }

    bool SuppressBuild => false;
}

/// <summary>Where a project's built assembly is; Aspire has no such interface because it starts projects with <c>dotnet run</c>.</summary>
public interface IProjectOutput
{
    string TargetPath { get; }
}

public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

internal sealed record ProjectPathMetadata(string ProjectPath) : IProjectMetadata;
