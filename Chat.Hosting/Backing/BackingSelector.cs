using Microsoft.Extensions.Configuration;

namespace Chat.Hosting.Backing;

/// <summary>
/// Chooses how each backing service runs: on a given connection string, as a container, on a server found on this machine, or embedded,
/// in this order. <c>Chat:Backing</c>, for all, or <c>Chat:Backing:NAME</c>, for one, decides between the last three outright.
/// </summary>
/// <param name="configuration">The AppHost's configuration.</param>
/// <param name="askContainerRuntime">Whether containers can run. It is asked only when the answer matters, since asking takes time.</param>
internal sealed class BackingSelector(IConfiguration configuration, Func<ContainerRuntimeStatus> askContainerRuntime)
{
    private const string Key = "Chat:Backing";
    private const string Containers = "containers";
    private const string Found = "found";
    private const string Embedded = "embedded";

    /// <param name="resource">The resource's name.</param>
    /// <param name="connection">The name of the connection string: the resource's, or that of its database.</param>
    /// <param name="program">The server's program, as its package names it.</param>
    /// <param name="find">Finds the program. The answer is its full path, or null.</param>
    /// <exception cref="BackingUnavailableException">What configuration asks for is unknown or is not there.</exception>
    public BackingChoice Choose(string resource, string connection, string program, Func<string?> find)
    {
        if (configuration.GetConnectionString(connection) is { Length: > 0 })
        {
            return new(BackingKind.Given, $"ConnectionStrings:{connection}");
        }

        var ownKey = $"{Key}:{resource}";
        var key = configuration[ownKey] is { Length: > 0 } ? ownKey : Key;
        var asked = configuration[key];
        return asked switch
        {
            null or "" => ChooseByMachine(program, find),
            Containers => ChooseContainer(key),
            Found => find() is { } path
                ? new(BackingKind.Found, $"{key}={Found}", path)
                : throw new BackingUnavailableException(
                    $"{key} is '{Found}', but {program} is not installed on this machine. Install it, or set {Key}:{resource}={Embedded}."),
            Embedded => new(BackingKind.Embedded, $"{key}={Embedded}"),
            _ => throw new BackingUnavailableException($"{key} is '{asked}'. It can be '{Containers}', '{Found}' or '{Embedded}'."),
        };
    }

    private BackingChoice ChooseContainer(string key)
    {
        var runtime = askContainerRuntime();
        return runtime.Works
            ? new(BackingKind.Container, $"{key}={Containers}, {runtime.Description}")
            : throw new BackingUnavailableException(
                $"{key} is '{Containers}', but containers cannot run: {runtime.Description}. "
                + $"Set {key} to '{Found}' or '{Embedded}', or unset it.");
    }

    private BackingChoice ChooseByMachine(string program, Func<string?> find)
    {
        var runtime = askContainerRuntime();
        if (runtime.Works)
        {
            return new(BackingKind.Container, runtime.Description);
        }

        return find() is { } path
            ? new(BackingKind.Found, runtime.Description, path)
            : new(BackingKind.Embedded, $"{runtime.Description}, {program} is not installed");
    }
}
