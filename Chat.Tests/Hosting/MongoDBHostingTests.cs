using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Hosting;

/// <summary>
/// What Aspire.Hosting.MongoDB sets, stated in literals, since MongoDB's container cannot run everywhere. A build with
/// <c>-p:OfficialMongoDB=true</c> runs these tests against the official package.
/// </summary>
public sealed class MongoDBHostingTests
{
    [Fact]
    public async Task The_container_has_the_official_image_environment_volume_endpoint_and_health_check()
    {
        var builder = Create();
        var mongo = builder.AddMongoDB("mongo").WithDataVolume();

        Assert.True(mongo.Resource.TryGetContainerImageName(out var image));
        Assert.Equal("docker.io/library/mongo:8.3", image);
        Assert.Null(mongo.Resource.Entrypoint);
        Assert.Empty(mongo.Resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>());
        var volume = Assert.Single(mongo.Resource.Annotations.OfType<ContainerMountAnnotation>());
        Assert.Equal(("/data/db", ContainerMountType.Volume, false), (volume.Target, volume.Type, volume.IsReadOnly));
        Assert.EndsWith("-mongo-data", volume.Source, StringComparison.Ordinal);
        var endpoint = Assert.Single(mongo.Resource.Annotations.OfType<EndpointAnnotation>());
        Assert.Equal(("tcp", 27017, null, "tcp"), (endpoint.Name, endpoint.TargetPort, endpoint.Port, endpoint.UriScheme));
        Assert.Equal("mongo_check", Assert.Single(mongo.Resource.Annotations.OfType<HealthCheckAnnotation>()).Key);

        var environment = await EnvironmentAsync(builder, mongo.Resource);
        Assert.Equal(["MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"], environment.Keys);
        Assert.Equal("admin", await ((IValueProvider)environment["MONGO_INITDB_ROOT_USERNAME"]).GetValueAsync());
        Assert.Same(mongo.Resource.PasswordParameter, environment["MONGO_INITDB_ROOT_PASSWORD"]);
        Assert.Equal("mongo-password", mongo.Resource.PasswordParameter!.Name);
        Assert.True(mongo.Resource.PasswordParameter.Secret);
    }

    [Fact]
    public async Task Connection_strings_have_the_official_form_and_escape_what_people_choose()
    {
        var builder = Create("--Parameters:user=a@b", "--Parameters:password=p:w/d");
        var mongo = builder.AddMongoDB("mongo", 27099, builder.AddParameter("user"), builder.AddParameter("password", secret: true));
        var chatdb = mongo.AddDatabase("chatdb", "chat");
        var endpoint = mongo.Resource.Annotations.OfType<EndpointAnnotation>().Single();
        endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 27099);

        const string Options = "?authSource=admin&authMechanism=SCRAM-SHA-256";
        IResourceWithConnectionString database = chatdb.Resource;
        Assert.Equal($"mongodb://a%40b:p%3Aw%2Fd@localhost:27099/{Options}", await ((IResourceWithConnectionString)mongo.Resource).GetConnectionStringAsync());
        Assert.Equal($"mongodb://a%40b:p%3Aw%2Fd@localhost:27099/chat{Options}", await database.GetConnectionStringAsync());

        var properties = new List<(string, string?)>();
        foreach (var (name, value) in database.GetConnectionProperties())
        {
            properties.Add((name, await value.GetValueAsync(default)));
        }

        Assert.Equal(
            [
                ("AuthenticationDatabase", "admin"), ("AuthenticationMechanism", "SCRAM-SHA-256"), ("DatabaseName", "chat"), ("Host", "localhost"),
                ("Password", "p:w/d"), ("Port", "27099"), ("Uri", $"mongodb://a%40b:p%3Aw%2Fd@localhost:27099/chat{Options}"), ("Username", "a@b"),
            ],
            properties.Order());
    }

    [Fact]
    public async Task A_database_belongs_to_its_server_and_both_are_checked_by_their_own_names()
    {
        var builder = Create();
        var mongo = builder.AddMongoDB("mongo");
        var chatdb = mongo.AddDatabase("chatdb");

        Assert.Same(mongo.Resource, chatdb.Resource.Parent);
        Assert.Equal("chatdb", chatdb.Resource.DatabaseName);
        Assert.Equal("chatdb", mongo.Resource.Databases["chatdb"]);
        Assert.Equal("chatdb_check", Assert.Single(chatdb.Resource.Annotations.OfType<HealthCheckAnnotation>()).Key);
        await using var app = builder.Build();
        var checks = app.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Select(r => r.Name);
        Assert.Contains("mongo_check", checks);
        Assert.Contains("chatdb_check", checks);
    }

    private static IDistributedApplicationBuilder Create(params string[] arguments) =>
        DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = arguments, DisableDashboard = true });

    private static async Task<Dictionary<string, object>> EnvironmentAsync(IDistributedApplicationBuilder builder, MongoDBServerResource resource)
    {
        Dictionary<string, object> variables = [];
        foreach (var callback in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await callback.Callback(new(builder.ExecutionContext, resource, variables, CancellationToken.None));
        }

        return variables;
    }
}
