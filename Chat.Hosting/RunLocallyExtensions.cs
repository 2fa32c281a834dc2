using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Chat.Hosting.Backing;
using Chat.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Hosting;

/// <summary>
/// <c>RunLocally</c>: in run mode, a backing service runs on the connection string that configuration has, else as Aspire's container
/// where containers can run, else as a server that is installed on this machine, else embedded. <c>Chat:Backing</c> decides outright:
/// <c>containers</c>, <c>found</c> or <c>embedded</c>, for all or, as <c>Chat:Backing:NAME</c>, for one. In publish mode, the resource
/// stays a container.
/// </summary>
public static class RunLocallyExtensions
{
    /// <summary>Runs Redis locally. The embedded server is Garnet, which speaks Redis' protocol.</summary>
    /// <param name="builder">The resource.</param>
    /// <returns>The resource that stands for it, under the same name.</returns>
    /// <exception cref="DistributedApplicationException">What configuration asks for is unknown or is not there.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> RunLocally(this IResourceBuilder<RedisResource> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var redis = builder.Resource;
        return RunLocally(builder, "redis-server", RedisServer.FindProgram, (backing, choice) =>
        {
            builder.WithoutTls();
            if (choice.Kind == BackingKind.Found)
            {
                backing.RunLocally(builder, "redis-server", choice, async (options, cancellationToken) => new RedisServer(
                    choice.Program!, options with { Password = await PasswordAsync(redis.PasswordParameter, cancellationToken) }));
                return builder;
            }

            var garnet = GarnetServer.FindProgram() ?? throw new BackingUnavailableException(
                "Garnet, which the build restores from NuGet, is missing. Build again, or install redis-server.");
            backing.RunLocally(builder, "Embedded Garnet", choice, async (options, cancellationToken) => new GarnetServer(
                garnet, options with { Password = await PasswordAsync(redis.PasswordParameter, cancellationToken) }));
            return builder;
        });
    }

    /// <summary>Runs RabbitMQ locally. Embedded, the queue is in the SQLite file that is also the archive.</summary>
    /// <param name="builder">The resource.</param>
    /// <returns>The resource that stands for it, under the same name.</returns>
    /// <exception cref="DistributedApplicationException">What configuration asks for is unknown or is not there.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> RunLocally(this IResourceBuilder<RabbitMQServerResource> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var rabbit = builder.Resource;
        return RunLocally(builder, "rabbitmq-server", RabbitMqServer.FindProgram, (backing, choice) =>
        {
            if (choice.Kind == BackingKind.Embedded)
            {
                return backing.UseSqlite(rabbit, choice);
            }

            backing.RunLocally(builder, "rabbitmq-server", choice, async (options, cancellationToken) => new RabbitMqServer(
                choice.Program!, options with { Password = await PasswordAsync(rabbit.PasswordParameter, cancellationToken) })
            {
                UserName = await rabbit.UserNameReference.GetValueAsync(cancellationToken) ?? "guest",
                Management = rabbit.ManagementEndpoint.Exists,
                ManagementPort = ManagementPort(rabbit) ?? FreePort.Next(),
            });
            return builder;
        });
    }

    /// <summary>Runs the database's server, MongoDB, locally. Embedded, the database is a SQLite file.</summary>
    /// <param name="builder">The database.</param>
    /// <returns>The resource that stands for the database, under the same name.</returns>
    /// <exception cref="DistributedApplicationException">What configuration asks for is unknown or is not there.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> RunLocally(this IResourceBuilder<MongoDBDatabaseResource> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var application = builder.ApplicationBuilder;
        if (!application.ExecutionContext.IsRunMode)
        {
            return builder;
        }

        var backing = LocalBacking.Of(application);
        var database = builder.Resource;
        var server = database.Parent;
        var choice = backing.Choose(server.Name, database.Name, "mongod", () => MongoServer.FindProgram());
        switch (choice.Kind)
        {
            case BackingKind.Given:
                backing.UseGiven(application, server, database.Name, choice);
                return backing.UseGiven(application, database, database.Name, choice);
            case BackingKind.Container:
                backing.Explain(application.CreateResourceBuilder(server), choice);
                return builder;
            case BackingKind.Found:
                return backing.UseMongod(application, database, choice);
            default:
                backing.UseSqlite(server, choice);
                return backing.UseSqlite(database, choice);
        }
    }

    /// <summary>What all servers have in common. <paramref name="run"/> runs those that are found or embedded.</summary>
    private static IResourceBuilder<IResourceWithConnectionString> RunLocally<T>(
        IResourceBuilder<T> builder,
        string program,
        Func<string?> find,
        Func<LocalBacking, BackingChoice, IResourceBuilder<IResourceWithConnectionString>> run)
        where T : ContainerResource, IResourceWithConnectionString
    {
        var application = builder.ApplicationBuilder;
        if (!application.ExecutionContext.IsRunMode)
        {
            return (IResourceBuilder<IResourceWithConnectionString>)builder;
        }

        var backing = LocalBacking.Of(application);
        var name = builder.Resource.Name;
        var choice = backing.Choose(name, name, program, find);
        switch (choice.Kind)
        {
            case BackingKind.Given:
                return backing.UseGiven(application, builder.Resource, name, choice);
            case BackingKind.Container:
                backing.Explain(builder, choice);
                return (IResourceBuilder<IResourceWithConnectionString>)builder;
            default:
                return run(backing, choice);
        }
    }

    private static IResourceBuilder<ConnectionStringResource> UseGiven(
        this LocalBacking backing,
        IDistributedApplicationBuilder application,
        IResource replaced,
        string connection,
        BackingChoice choice) =>
        backing.Replace(replaced, "Given", choice, application.Configuration.GetConnectionString(connection)!);

    private static IResourceBuilder<ConnectionStringResource> UseSqlite(this LocalBacking backing, IResource replaced, BackingChoice choice)
    {
        var file = backing.Data.File("chat.db");
        return backing.Replace(replaced, "Embedded SQLite", choice, $"sqlite:{file}").WithSqliteHealthCheck(file);
    }

    /// <summary>A private mongod on loopback asks for no credentials, so the resources are those of a server without users.</summary>
    private static IResourceBuilder<MongoDBDatabaseResource> UseMongod(
        this LocalBacking backing, IDistributedApplicationBuilder application, MongoDBDatabaseResource database, BackingChoice choice)
    {
        var server = new MongoDBServerResource(database.Parent.Name);
        foreach (var annotation in database.Parent.Annotations.Where(
            a => a is EndpointAnnotation or ResourceIconAnnotation or ContainerMountAnnotation))
        {
            server.Annotations.Add(annotation);
        }

        application.Resources.Remove(database.Parent);
        application.Resources.Remove(database);
        MongoServer? running = null;
        var check = $"{server.Name}_local_check";
        application.Services.AddHealthChecks().AddAsyncCheck(check, async cancellationToken =>
            running is not null && await running.AnswersAsync(cancellationToken)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy());
        backing.RunLocally(application.AddResource(server).WithHealthCheck(check), "mongod", choice, (options, _) =>
            ValueTask.FromResult<LocalServer>(running = new MongoServer(choice.Program!, options)));
        return application.AddResource(new MongoDBDatabaseResource(database.Name, database.DatabaseName, server)).WithIconName("Database");
    }

    private static int? ManagementPort(RabbitMQServerResource rabbit) =>
        rabbit.ManagementEndpoint.Exists ? rabbit.ManagementEndpoint.EndpointAnnotation.Port : null;

    // The developer certificate is for the container, which gets it mounted.
    private static void WithoutTls(this IResourceBuilder<RedisResource> builder) => builder.WithoutHttpsCertificate();

    private static async Task<string?> PasswordAsync(ParameterResource? parameter, CancellationToken cancellationToken) =>
        parameter is null ? null : await parameter.GetValueAsync(cancellationToken);
}
