using System.Net;
using System.Net.Http.Json;
using Chat.Contracts;
using Chat.Servers;

namespace Chat.Benchmarks.Load;

/// <summary>
/// One API and one worker in Release on redis-server and rabbitmq-server, the archive in SQLite; everything private, on free ports, and
/// gone when it is disposed. The limits of a user are lifted by configuration; nothing else differs from production.
/// </summary>
internal sealed class ServiceTarget : ILoadTarget
{
    private const string Password = "a long password of the load";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chat-load-");
    private readonly Uri _address = new($"http://127.0.0.1:{FreePort.Next()}");
    private readonly List<LoadUser> _users = [];
    private readonly Stack<IAsyncDisposable> _started = new();
    private readonly Dictionary<string, int> _processes = [];
    private Dictionary<string, string?> _environment = [];
    private ChildProcess? _worker;
    private int _rooms;

    public string Name => "chat";

    public IReadOnlyDictionary<string, int> Processes => _processes;

    public int ServerId => _processes["api"];

    /// <summary>The broker's connection string, for filling its queue.</summary>
    public string Messaging { get; private set; } = "";

    /// <summary>The file of the archive.</summary>
    public string ArchiveFile => Path.Combine(_folder.FullName, "chat.db");

    /// <param name="startWorker">False leaves the worker to <see cref="StartWorkerAsync"/>.</param>
    /// <param name="cancellationToken">Ends the starting.</param>
    public static async Task<ServiceTarget> StartAsync(bool startWorker, CancellationToken cancellationToken)
    {
        var target = new ServiceTarget();
        try
        {
            var redis = new RedisServer(RedisServer.FindProgram() ?? throw NotInstalled("redis-server"));
            var rabbit = new RabbitMqServer(RabbitMqServer.FindProgram() ?? throw NotInstalled("rabbitmq-server"));
            target._started.Push(redis);
            target._started.Push(rabbit);
            await Task.WhenAll(redis.StartAsync(cancellationToken), rabbit.StartAsync(cancellationToken));
            target.Messaging = rabbit.ConnectionString;
            target._processes["redis"] = redis.Process!.Id;
            target._processes["rabbitmq"] = rabbit.Process!.Id;
            target._environment = new Dictionary<string, string?>
            {
                ["ConnectionStrings__cache"] = redis.ConnectionString,
                ["ConnectionStrings__messaging"] = rabbit.ConnectionString,
                ["ConnectionStrings__chatdb"] = $"sqlite:{target.ArchiveFile}",
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["DOTNET_ENVIRONMENT"] = "Production",
                ["Logging__LogLevel__Default"] = "Warning",
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = null,
                ["RateLimits__Sends__PerSecond"] = "1000000",
                ["RateLimits__Sends__Burst"] = "1000000",
            };
            var api = target.Start("Chat.Api.dll", target._address);
            target._processes["api"] = api.Id;
            await WaitUntilAliveAsync(target._address, api, cancellationToken);
            if (startWorker)
            {
                await target.StartWorkerAsync(new Dictionary<string, string?>(), cancellationToken);
            }

            return target;
        }
        catch
        {
            await target.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the worker with these settings besides the connections, and waits until it is there.</summary>
    public async Task StartWorkerAsync(IReadOnlyDictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        _worker = Start("Chat.Worker.dll", address, settings);
        _processes["worker"] = _worker.Id;
        await WaitUntilAliveAsync(address, _worker, cancellationToken);
    }

    public async Task StopWorkerAsync()
    {
        if (_worker is not null)
        {
            await _worker.StopAsync(TimeSpan.FromSeconds(20));
            _worker = null;
        }
    }

    public async Task<LoadRoom> OpenRoomAsync(int sockets, Range people, Action<int, long> onDelivery, CancellationToken cancellationToken)
    {
        while (_users.Count < people.End.Value)
        {
            _users.Add(await SignUpAsync($"load{_users.Count}", cancellationToken));
        }

        var members = _users[people];
        var owner = members[0];
        var created = await owner.Http.PostAsJsonAsync(
            "/api/rooms", new CreateRoomRequest($"Load {Interlocked.Increment(ref _rooms)}", RoomKind.Public),
            ChatJson.Default.CreateRoomRequest, cancellationToken);
        var room = await created.EnsureSuccessStatusCode().Content.ReadFromJsonAsync(ChatJson.Default.RoomSummary, cancellationToken);
        foreach (var member in members.Skip(1))
        {
            (await owner.Http.PostAsJsonAsync(
                $"/api/rooms/{room!.Id}/members", new AddMemberRequest(member.Name), ChatJson.Default.AddMemberRequest, cancellationToken))
                .EnsureSuccessStatusCode();
        }

        var opened = new List<RawHubClient>(sockets);
        for (var i = 0; i < sockets; i++)
        {
            var index = i;
            opened.Add(await RawHubClient.ConnectAsync(
                new Uri(_address, IChatServer.Path), members[i % members.Count].Cookies, at => onDelivery(index, at), cancellationToken));
        }

        return new LoadRoom(room!.Id, opened);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var user in _users)
        {
            user.Http.Dispose();
        }

        while (_started.TryPop(out var last))
        {
            await last.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    internal static async Task WaitUntilAliveAsync(Uri address, ChildProcess process, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartTimeout);
        using var http = new HttpClient { BaseAddress = address };
        while (true)
        {
            try
            {
                (await http.GetAsync(new Uri("alive", UriKind.Relative), limit.Token)).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException)
            {
                if (process.HasExited)
                {
                    throw new InvalidOperationException($"It ended while starting:{Environment.NewLine}{process.Tail}");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
            }
        }
    }

    private static InvalidOperationException NotInstalled(string program) => new($"{program} is not installed.");

    private ChildProcess Start(string assembly, Uri address, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var environment = new Dictionary<string, string?>(_environment) { ["ASPNETCORE_URLS"] = address.ToString() };
        foreach (var (name, value) in settings ?? new Dictionary<string, string?>())
        {
            environment[name] = value;
        }

        var process = ChildProcess.Start(new ChildStart(ProgramFinder.Dotnet(), [Path.Combine(AppContext.BaseDirectory, assembly)])
        {
            Environment = environment,
        });
        _started.Push(process);
        return process;
    }

    private async Task<LoadUser> SignUpAsync(string name, CancellationToken cancellationToken)
    {
        var cookies = new CookieContainer();
        var http = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies }) { BaseAddress = _address };
        (await http.PostAsJsonAsync("/api/auth/register", new Credentials(name, Password), ChatJson.Default.Credentials, cancellationToken))
            .EnsureSuccessStatusCode();
        return new LoadUser(name, cookies, http);
    }
}
