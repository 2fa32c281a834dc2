using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Variables and references: what a resource is told about itself and others.</summary>
public static class EnvironmentBuilderExtensions
{
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment => builder.WithEnvironment(context => context.EnvironmentVariables[name] = value ?? "");

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : IResourceWithEnvironment => builder.WithEnvironment(context => context.EnvironmentVariables[name] = value);

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, EndpointReference endpointReference)
        where T : IResourceWithEnvironment => builder.WithEnvironment(context => context.EnvironmentVariables[name] = endpointReference);

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> parameter)
        where T : IResourceWithEnvironment => builder.WithEnvironment(context => context.EnvironmentVariables[name] = parameter.Resource);

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, Action<EnvironmentCallbackContext> callback)
        where T : IResourceWithEnvironment => builder.WithAnnotation(new EnvironmentCallbackAnnotation(context =>
        {
            callback(context);
            return Task.CompletedTask;
        }));

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, Func<EnvironmentCallbackContext, Task> callback)
        where T : IResourceWithEnvironment => builder.WithAnnotation(new EnvironmentCallbackAnnotation(callback));

    /// <summary><c>ConnectionStrings__{name}</c>, and <c>{NAME}_HOST</c>, … for those that do not read connection strings.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null, bool optional = false)
        where TDestination : IResourceWithEnvironment => builder.WithEnvironment(context =>
        {
            var resource = source.Resource;
            var name = connectionName ?? resource.Name;
            context.EnvironmentVariables[resource.ConnectionStringEnvironmentVariable ?? $"ConnectionStrings__{name}"] =
                new ConnectionStringReference(resource, optional);
            // A connection string from outside, or an embedded stand-in's, has no parts that this engine knows.
            if (resource.GivenConnectionString() is null)
            {
                foreach (var (part, value) in resource.GetConnectionProperties())
                {
                    context.EnvironmentVariables[$"{Variable(name)}_{part.ToUpperInvariant()}"] = value;
                }
            }
        });

    /// <summary><c>{NAME}_HTTP</c> and <c>services__{name}__http__0</c> for each endpoint of the other project.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment => builder.WithEnvironment(context =>
        {
            var resource = source.Resource;
            foreach (var endpoint in resource.Endpoints())
            {
                var reference = new EndpointReference(resource, endpoint.Name);
                context.EnvironmentVariables[$"{Variable(resource.Name)}_{endpoint.Name.ToUpperInvariant()}"] = reference;
                context.EnvironmentVariables[$"services__{resource.Name}__{endpoint.Name}__0"] = reference;
            }
        });

    private static string Variable(string name) => name.ToUpperInvariant().Replace('-', '_');
}
