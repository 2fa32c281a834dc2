using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Chat.Hosting;
using Chat.Hosting.Backing;
using Chat.Tests.Servers;

namespace Chat.Tests.Hosting;

/// <summary>The model that <c>RunLocally</c> makes of each way to run. Nothing is started.</summary>
public sealed class RunLocallyTests : IDisposable
{
    private static readonly ContainerRuntimeStatus NoContainers = new(false, "no container runtime");
    private static readonly ContainerRuntimeStatus Podman = new(true, "podman 5.4.0");
    private static readonly string[] Given =
        ["--ConnectionStrings:cache=here:1", "--ConnectionStrings:messaging=amqp://here", "--ConnectionStrings:chatdb=mongodb://here/chatdb"];

    private static readonly string[] Lifecycle =
        [KnownResourceCommands.StartCommand, KnownResourceCommands.StopCommand, KnownResourceCommands.RestartCommand];

    private readonly string _data = Directory.CreateTempSubdirectory("chat-model-").FullName;

    [Fact]
    public async Task Given_each_resource_is_a_connection_string_of_its_name()
    {
        var builder = Create(NoContainers, Given);

        var services = AddServices(builder);

        Assert.All(services, s => Assert.IsType<ConnectionStringResource>(s.Resource));
        Assert.Equal(["here:1", "amqp://here", "mongodb://here/chatdb"], await Task.WhenAll(services.Select(ConnectionStringAsync)));
        Assert.DoesNotContain(builder.Resources, r => r is ContainerResource);
        AssertSource(services[0].Resource, "Given – ConnectionStrings:cache");
    }

    [Fact]
    public void Where_containers_run_each_resource_stays_Aspires_container()
    {
        var plain = Create(Podman);
        var builder = Create(Podman);

        var services = AddServices(builder);
        var expected = AddContainers(plain);

        for (var i = 0; i < services.Count; i++)
        {
            Assert.Equal(expected[i].Resource.GetType(), services[i].Resource.GetType());
        }

        foreach (var container in builder.Resources.OfType<ContainerResource>())
        {
            var same = plain.Resources.OfType<ContainerResource>().Single(r => r.Name == container.Name);
            Assert.True(container.TryGetContainerImageName(out var image));
            Assert.True(same.TryGetContainerImageName(out var expectedImage));
            Assert.Equal(expectedImage, image);
            Assert.Equal(Mounts(same), Mounts(container));
            Assert.Equal(Endpoints(same), Endpoints(container));
            Assert.Equal(Checks(same), Checks(container));
        }
    }

    [Fact]
    public async Task A_found_server_keeps_Aspires_resource_with_its_endpoints_parameters_and_health_check_but_no_image()
    {
        Assert.SkipWhen(ServerFinder.Redis is null || ServerFinder.RabbitMq is null, "redis-server and rabbitmq-server are needed.");
        var builder = Create(NoContainers, "--Chat:Backing:mongo=embedded");

        AddServices(builder);

        var redis = Assert.Single(builder.Resources.OfType<RedisResource>());
        Assert.False(redis.IsContainer());
        Assert.Empty(Mounts(redis));
        Assert.Equal(["cache_check"], Checks(redis));
        Assert.Equal("cache-password", redis.PasswordParameter!.Name);
        AssertSource(redis, "redis-server – no container runtime");
        var endpoint = Assert.Single(redis.Annotations.OfType<EndpointAnnotation>());
        endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 6380);
        Assert.StartsWith("localhost:6380,password=", await redis.GetConnectionStringAsync(), StringComparison.Ordinal);

        var rabbit = Assert.Single(builder.Resources.OfType<RabbitMQServerResource>());
        Assert.False(rabbit.IsContainer());
        Assert.Equal(["messaging_check"], Checks(rabbit));
        Assert.Equal(["tcp", "management"], rabbit.Annotations.OfType<EndpointAnnotation>().Select(e => e.Name));
        AssertSource(rabbit, "rabbitmq-server – no container runtime");
        foreach (var command in Lifecycle)
        {
            Assert.Single(rabbit.Annotations.OfType<ResourceCommandAnnotation>(), c => c.Name == command);
        }
    }

    [Fact]
    public async Task A_found_mongod_is_the_resource_of_a_server_without_users()
    {
        using var program = new ProgramNamed("CHAT_MONGOD", _data);
        var builder = Create(NoContainers, "--Chat:Backing:cache=embedded", "--Chat:Backing:messaging=embedded");

        var chatdb = AddServices(builder)[2];

        var server = Assert.Single(builder.Resources.OfType<MongoDBServerResource>());
        Assert.Equal("mongo", server.Name);
        Assert.False(server.IsContainer());
        Assert.Null(server.PasswordParameter);
        Assert.Equal(["mongo_local_check"], Checks(server));
        AssertSource(server, "mongod – no container runtime");
        Assert.Same(server, Assert.IsType<MongoDBDatabaseResource>(chatdb.Resource).Parent);
        var endpoint = Assert.Single(server.Annotations.OfType<EndpointAnnotation>());
        endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 27018);
        Assert.Equal("mongodb://localhost:27018/chatdb", await ConnectionStringAsync(chatdb));
    }

    [Fact]
    public async Task Embedded_the_cache_is_Aspires_resource_and_queue_and_archive_are_one_SQLite_file()
    {
        var builder = Create(Podman, "--Chat:Backing=embedded");

        var services = AddServices(builder);

        Assert.False(Assert.IsType<RedisResource>(services[0].Resource).IsContainer());
        AssertSource(services[0].Resource, "Embedded Garnet – Chat:Backing=embedded");
        foreach (var service in services.Skip(1))
        {
            Assert.Equal($"sqlite:{Path.Combine(_data, "chat.db")}", await ConnectionStringAsync(service));
            Assert.Equal([$"{service.Resource.Name}_sqlite_check"], Checks(service.Resource));
            AssertSource(service.Resource, "Embedded SQLite – Chat:Backing=embedded");
        }

        Assert.Equal(["cache", "messaging", "chatdb"], services.Select(s => s.Resource.Name));
        Assert.Contains(builder.Resources, r => r.Name == "mongo");
    }

    [Fact]
    public void Published_each_resource_is_the_container_that_Aspire_has_whatever_is_asked_for()
    {
        string[] publish = ["--publisher", "manifest", "--output-path", Path.Combine(_data, "m.json")];
        var builder = Create(NoContainers, [.. publish, "--Chat:Backing=embedded", "--ConnectionStrings:cache=here:1"]);

        var services = AddServices(builder);

        Assert.True(services[0].Resource.IsContainer());
        Assert.True(services[1].Resource.IsContainer());
        Assert.True(Assert.IsType<MongoDBDatabaseResource>(services[2].Resource).Parent.IsContainer());
        Assert.DoesNotContain(
            builder.Resources.SelectMany(r => r.Annotations.OfType<ResourceCommandAnnotation>()),
            c => c.Name == KnownResourceCommands.StartCommand);
    }

    [Fact]
    public void Only_a_service_that_is_served_locally_needs_the_data_folder()
    {
        var given = Create(NoContainers, Given);
        AddServices(given);
        var embedded = Create(NoContainers, "--Chat:Backing=embedded");
        AddServices(embedded);

        Assert.Equal(0, LocalHosts(given));
        Assert.Equal(1, LocalHosts(embedded));
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private static int LocalHosts(IDistributedApplicationBuilder builder) =>
        builder.Services.Count(d => d.ImplementationInstance is Chat.Hosting.Servers.LocalServerHost);

    private static IReadOnlyList<IResourceBuilder<IResourceWithConnectionString>> AddServices(IDistributedApplicationBuilder builder) =>
    [
        builder.AddRedis("cache").WithDataVolume().RunLocally(),
        builder.AddRabbitMQ("messaging").WithManagementPlugin().WithDataVolume().RunLocally(),
        builder.AddMongoDB("mongo").WithDataVolume().AddDatabase("chatdb").RunLocally(),
    ];

    private static IReadOnlyList<IResourceBuilder<IResourceWithConnectionString>> AddContainers(IDistributedApplicationBuilder builder) =>
    [
        builder.AddRedis("cache").WithDataVolume(),
        builder.AddRabbitMQ("messaging").WithManagementPlugin().WithDataVolume(),
        builder.AddMongoDB("mongo").WithDataVolume().AddDatabase("chatdb"),
    ];

    private static async Task<string?> ConnectionStringAsync(IResourceBuilder<IResourceWithConnectionString> service) =>
        await service.Resource.GetConnectionStringAsync();

    private static void AssertSource(IResource resource, string source) =>
        Assert.Equal(source, resource.Annotations.OfType<ResourceSnapshotAnnotation>().Last().InitialSnapshot.Property("resource.source"));

    private static IEnumerable<string> Checks(IResource resource) =>
        resource.Annotations.OfType<HealthCheckAnnotation>().Select(c => c.Key);

    private static IEnumerable<(string?, string)> Mounts(ContainerResource resource) =>
        resource.Annotations.OfType<ContainerMountAnnotation>().Select(m => (m.Source, m.Target));

    private static IEnumerable<(string, int?, string)> Endpoints(ContainerResource resource) =>
        resource.Annotations.OfType<EndpointAnnotation>().Select(e => (e.Name, e.TargetPort, e.UriScheme));

    private IDistributedApplicationBuilder Create(ContainerRuntimeStatus containers, params string[] arguments)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = [$"--Chat:Data={_data}", .. arguments],
            DisableDashboard = true,
        });
        LocalBacking.Of(builder, () => containers);
        return builder;
    }

    /// <summary>A program that exists, named by an environment variable for the time of a test.</summary>
    private sealed class ProgramNamed : IDisposable
    {
        private readonly string _variable;
        private readonly string? _before;

        public ProgramNamed(string variable, string folder)
        {
            _variable = variable;
            _before = Environment.GetEnvironmentVariable(variable);
            var program = Path.Combine(folder, "mongod");
            File.WriteAllText(program, "");
            Environment.SetEnvironmentVariable(variable, program);
        }

        public void Dispose() => Environment.SetEnvironmentVariable(_variable, _before);
    }
}
