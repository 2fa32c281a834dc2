using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Chat.Standalone.Running;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

public static class ProjectResourceBuilderExtensions
{
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => builder.AddProject(name, new TProject(), null);

    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name,
        string? launchProfileName)
        where TProject : IProjectMetadata, new() => builder.AddProject(name, new TProject(), launchProfileName);

    public static IResourceBuilder<ProjectResource> AddProject(this IDistributedApplicationBuilder builder, string name, string projectPath) =>
        builder.AddProject(name, new ProjectPathMetadata(Path.GetFullPath(projectPath, builder.AppHostDirectory)), null);

    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas) =>
        builder.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace);

    internal static IResourceBuilder<ProjectResource> AddProject(this IDistributedApplicationBuilder builder, string name,
        IProjectMetadata metadata, string? launchProfileName)
    {
        var project = builder.AddResource(new ProjectResource(name)).WithAnnotation(metadata);
        var chosen = LaunchSettings.Choose(metadata.ProjectPath, launchProfileName, builder.Configuration);
        if (chosen is { } c)
        {
            project.WithAnnotation(new LaunchProfileAnnotation(c.Name, c.Profile));
        }

        project.WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory");
        return builder.ExecutionContext.IsPublishMode ? project.ForPublish(chosen?.Profile) : project.ForRun(chosen);
    }

    // The manifest names an http and an https binding for every web project, without ports: those are the deployment's business.
    private static IResourceBuilder<ProjectResource> ForPublish(this IResourceBuilder<ProjectResource> project, LaunchProfile? profile)
    {
        project.WithEnvironment(context =>
        {
            if (project.Resource.Endpoints().Any())
            {
                context.EnvironmentVariables["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true";
            }

            if (project.Resource.Endpoints().FirstOrDefault(e => e.UriScheme == "http") is { } http)
            {
                context.EnvironmentVariables["HTTP_PORTS"] =
                    new EndpointReference(project.Resource, http.Name).Property(EndpointProperty.TargetPort);
            }
        });
        if (profile?.ApplicationUrl is not null)
        {
            project.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, "http"));
            project.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, "https"));
        }

        return project;
    }

    private static IResourceBuilder<ProjectResource> ForRun(this IResourceBuilder<ProjectResource> project, (string Name, LaunchProfile Profile)? chosen)
    {
        var (environment, configuration) = (project.ApplicationBuilder.Environment, project.ApplicationBuilder.Configuration);
        project.WithEnvironment(context => TelemetryVariables.Add(context, configuration, environment.IsDevelopment()));
        foreach (var url in chosen?.Profile.ApplicationUrl?.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            var address = new Uri(url.Replace("*", "localhost").Replace("+", "localhost"));
            // Kestrel refuses to start on https without a certificate, and browsers refuse an untrusted one.
            if (address.Scheme == "http" || DeveloperCertificate.IsTrusted)
            {
                project.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, address.Scheme, port: address.Port)
                {
                    FromLaunchProfile = true,
                });
            }
        }

        return project.WithEnvironment(context =>
        {
            var endpoints = project.Resource.Endpoints().ToList();
            if (endpoints.FirstOrDefault(e => e.UriScheme == "https") is { AllocatedEndpoint: { } https })
            {
                context.EnvironmentVariables["ASPNETCORE_HTTPS_PORT"] = $"{https.Port}";
            }

            // Each replica listens on its own ports; the engine fills them in when it starts one.
            if (endpoints.Count > 0)
            {
                context.EnvironmentVariables["ASPNETCORE_URLS"] = ReplicaVariable.Urls;
            }

            if (chosen is { } c)
            {
                context.EnvironmentVariables.TryAdd("DOTNET_LAUNCH_PROFILE", c.Name);
                foreach (var (key, value) in c.Profile.EnvironmentVariables ?? [])
                {
                    context.EnvironmentVariables.TryAdd(key, System.Environment.ExpandEnvironmentVariables(value));
                }
            }
        });
    }
}
