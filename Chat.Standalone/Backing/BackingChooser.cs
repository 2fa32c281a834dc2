using Aspire.Hosting.ApplicationModel;
using Chat.Servers;
using Chat.Standalone.Running;
using Microsoft.Extensions.Configuration;

namespace Chat.Standalone.Backing;

/// <summary>
/// Chooses for each backing service, in this order: a connection string that was given (<c>ConnectionStrings:cache</c>), a server
/// found on the machine, the embedded stand-in. <c>Chat:Backing</c> says otherwise, for all or, as <c>Chat:Backing:cache</c>, for one:
/// <c>embedded</c> does not look for servers, <c>found</c> fails where there is none.
/// </summary>
internal sealed class BackingChooser(IConfiguration configuration, IResourceCollection resources, DataFolder data, Action<string, ChildLine> onLine)
{
    private const string Key = "Chat:Backing";

    public async Task<BackingChoice> ChooseAsync(ContainerResource resource, CancellationToken cancellationToken)
    {
        IResource[] connected = [resource, .. resources.OfType<IResourceWithParent>().Where(c => c.Parent == resource)];
        var given = connected.Where(r => configuration.GetConnectionString(r.Name) is not null)
            .ToDictionary(r => r, r => (Func<string>)(() => configuration.GetConnectionString(r.Name)!));
        if (given.Count > 0)
        {
            var names = string.Join(", ", given.Keys.Select(r => $"ConnectionStrings:{r.Name}"));
            return new(BackingSource.Given, "given", $"{names} is set") { ConnectionStrings = given };
        }

        var wish = configuration[$"{Key}:{resource.Name}"] ?? configuration[Key];
        if (wish is not (null or "embedded" or "found"))
        {
            throw new CannotRunException($"{Key} is '{wish}'; it may be 'embedded' or 'found'.");
        }

        var program = wish == "embedded" ? null : Program(resource);
        if (program is null && wish == "found")
        {
            throw new CannotRunException($"{Key} asks for a server for '{resource.Name}', and {Name(resource)} is not on this machine.");
        }

        return program is not null
            ? await FoundAsync(resource, connected, program, cancellationToken)
            : await EmbeddedAsync(resource, connected, wish == "embedded" ? $"{Key} is embedded" : $"no {Name(resource)} on this machine",
                cancellationToken);
    }

    private static string Name(ContainerResource resource) => resource switch
    {
        RedisResource => "redis-server",
        RabbitMQServerResource => "rabbitmq-server",
        MongoDBServerResource => "mongod",
        _ => throw new CannotRunException($"The standalone engine has no stand-in for '{resource.Name}'."),
    };

    private static string? Program(ContainerResource resource) => resource switch
    {
        RedisResource => RedisServer.FindProgram(),
        RabbitMQServerResource => RabbitMqServer.FindProgram(),
        MongoDBServerResource => ProgramFinder.Find("mongod", "CHAT_MONGOD"),
        _ => null,
    };

    private async Task<BackingChoice> FoundAsync(ContainerResource resource, IResource[] connected, string program,
        CancellationToken cancellationToken)
    {
        LocalServer server;
        Dictionary<IResource, Func<string>> connections = [];
        Dictionary<string, Func<int>> ports;
        switch (resource)
        {
            case RedisResource redis:
                server = new RedisServer(program, Options(redis, await redis.PasswordParameter!.GetValueAsync(cancellationToken)));
                ports = new() { ["tcp"] = () => server.Port };
                break;
            case RabbitMQServerResource rabbit:
                var broker = new RabbitMqServer(program, Options(rabbit, await rabbit.PasswordParameter.GetValueAsync(cancellationToken)))
                {
                    Management = rabbit.ManagementEndpoint.Exists,
                    UserName = await rabbit.UserNameReference.GetValueAsync(cancellationToken) ?? "guest",
                };
                server = broker;
                ports = new() { ["tcp"] = () => broker.Port, ["management"] = () => broker.ManagementPort };
                break;
            default:
                server = new MongoServer(program, Options(resource, null));
                ports = new() { ["tcp"] = () => server.Port };
                // A private mongod on loopback has no users.
                foreach (var one in connected)
                {
                    connections[one] = () => $"mongodb://127.0.0.1:{server.Port}/{(one as MongoDBDatabaseResource)?.DatabaseName}";
                }

                break;
        }

        return new(BackingSource.Found, Path.GetFileName(program), $"{program} is on this machine")
        {
            Server = server,
            ConnectionStrings = connections,
            Ports = ports,
        };
    }

    private async Task<BackingChoice> EmbeddedAsync(ContainerResource resource, IResource[] connected, string why, CancellationToken cancellationToken)
    {
        if (resource is not RedisResource redis)
        {
            var file = data.File("chat.db");
            return new(BackingSource.Embedded, "SQLite", $"{why}; one file holds queue and archive: {file}")
            {
                ConnectionStrings = connected.ToDictionary(r => r, _ => (Func<string>)(() => $"sqlite:{file}")),
            };
        }

        var program = GarnetServer.FindProgram() ?? throw new CannotRunException(
            "Garnet is missing: the build restores it from NuGet. Build again, or install redis-server, or set ConnectionStrings:cache.");
        var server = new GarnetServer(program, Options(redis, await redis.PasswordParameter!.GetValueAsync(cancellationToken)));
        return new(BackingSource.Embedded, "Garnet", why)
        {
            Server = server,
            Ports = new Dictionary<string, Func<int>> { ["tcp"] = () => server.Port },
        };
    }

    private LocalServerOptions Options(ContainerResource resource, string? password) => new()
    {
        Directory = data.Folder(resource.Name),
        Password = password,
        Persistent = resource.Annotations.OfType<ContainerMountAnnotation>().Any(),
        OnLine = line => onLine(resource.Name, line),
        OwnGroup = true,
    };
}
