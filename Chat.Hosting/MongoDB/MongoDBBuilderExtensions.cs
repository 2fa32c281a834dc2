using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting;

/// <summary>
/// <c>AddMongoDB</c> as Aspire.Hosting.MongoDB 13.6 has it, for feeds without that package. A build with
/// <c>-p:OfficialMongoDB=true</c> uses the package instead of this folder.
/// </summary>
public static class MongoDBBuilderExtensions
{
    private const int ContainerPort = 27017;
    private const string Registry = "docker.io";
    private const string Image = "library/mongo";
    private const string Tag = "8.3";

    /// <summary>Adds a MongoDB container.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="name">The name of the resource, and of its connection string.</param>
    /// <param name="port">The port on the host, or null for a free one.</param>
    public static IResourceBuilder<MongoDBServerResource> AddMongoDB(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port) =>
        AddMongoDB(builder, name, port, null, null);

    /// <summary>Adds a MongoDB container.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="name">The name of the resource, and of its connection string.</param>
    /// <param name="port">The port on the host, or null for a free one.</param>
    /// <param name="userName">The root user, or null for <c>admin</c>.</param>
    /// <param name="password">The root user's password, or null for a generated one.</param>
    public static IResourceBuilder<MongoDBServerResource> AddMongoDB(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        int? port = null,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        var passwordParameter = password?.Resource
            ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password", special: false);
        var server = new MongoDBServerResource(name, userName?.Resource, passwordParameter);
        return builder.AddResource(server)
            .WithEndpoint(port: port, targetPort: ContainerPort, name: MongoDBServerResource.PrimaryEndpointName)
            .WithImage(Image, Tag)
            .WithImageRegistry(Registry)
            .WithEnvironment(context =>
            {
                context.EnvironmentVariables["MONGO_INITDB_ROOT_USERNAME"] = server.UserNameReference;
                context.EnvironmentVariables["MONGO_INITDB_ROOT_PASSWORD"] = server.PasswordParameter!;
            })
            .WithIconName("DatabaseMultiple")
            .WithPing(databaseName: null);
    }

    /// <summary>Adds a database of the server. MongoDB creates it with the first document.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="name">The name of the resource, and of its connection string.</param>
    /// <param name="databaseName">The name of the database on the server, or null for the resource's name.</param>
    public static IResourceBuilder<MongoDBDatabaseResource> AddDatabase(
        this IResourceBuilder<MongoDBServerResource> builder, [ResourceName] string name, string? databaseName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        databaseName ??= name;
        builder.Resource.AddDatabase(name, databaseName);
        return builder.ApplicationBuilder.AddResource(new MongoDBDatabaseResource(name, databaseName, builder.Resource))
            .WithIconName("Database")
            .WithPing(databaseName);
    }

    /// <summary>Keeps the server's data in a named volume.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="name">The volume's name, or null for one made of the application's and the resource's names.</param>
    /// <param name="isReadOnly">Whether the server may only read it.</param>
    public static IResourceBuilder<MongoDBServerResource> WithDataVolume(
        this IResourceBuilder<MongoDBServerResource> builder, string? name = null, bool isReadOnly = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithVolume(name ?? VolumeNameGenerator.Generate(builder, "data"), "/data/db", isReadOnly);
    }

    /// <summary>Keeps the server's data in a folder of the host.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="source">The folder.</param>
    /// <param name="isReadOnly">Whether the server may only read it.</param>
    public static IResourceBuilder<MongoDBServerResource> WithDataBindMount(
        this IResourceBuilder<MongoDBServerResource> builder, string source, bool isReadOnly = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(source);
        return builder.WithBindMount(source, "/data/db", isReadOnly);
    }

    private static IResourceBuilder<T> WithPing<T>(this IResourceBuilder<T> builder, string? databaseName)
        where T : IResourceWithConnectionString
    {
        var ping = new MongoDBPing(databaseName);
        var resource = builder.Resource;
        builder.ApplicationBuilder.Eventing.Subscribe<ConnectionStringAvailableEvent>(resource, async (_, cancellationToken) =>
            ping.Connect(await resource.GetConnectionStringAsync(cancellationToken) ?? throw new DistributedApplicationException(
                $"The connection string of '{resource.Name}' is said to be available, but it is null.")));
        var key = $"{resource.Name}_check";
        builder.ApplicationBuilder.Services.AddHealthChecks().AddCheck(key, ping);
        return builder.WithHealthCheck(key);
    }
}
