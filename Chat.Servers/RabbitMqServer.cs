using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;

namespace Chat.Servers;

/// <summary>
/// rabbitmq-server of the machine as a private node: own ports, name, folders, cookie, and its own epmd (Erlang's name
/// server) – otherwise Erlang leaves a global one behind as a daemon. Queues and messages are kept in the folder.
/// </summary>
public sealed class RabbitMqServer : LocalServer
{
    private static readonly string[] Administrator = ["administrator"];
    private readonly string _program;
    private readonly int _distributionPort = FreePort.Next();
    private readonly int _epmdPort = FreePort.Next();
    private readonly string _nodeName;
    private ChildProcess? _epmd;

    public RabbitMqServer(string program, LocalServerOptions? options = null)
        : base("rabbitmq", options ?? new LocalServerOptions())
    {
        _program = program;
        // The node's name is part of where it keeps its data: not the port, which may differ next time.
        _nodeName = "chat@localhost";
    }

    /// <summary>The management API and pages; costs some memory and start time.</summary>
    public bool Management { get; init; }

    /// <summary>Who may connect with the password.</summary>
    public string UserName { get; init; } = "chat";

    public int ManagementPort { get; init; } = FreePort.Next();

    /// <summary>Where its own epmd listens while it runs.</summary>
    public int NameServerPort => _epmdPort;

    public override string ConnectionString =>
        $"amqp://{(Options.Password is { } password ? $"{UserName}:{Uri.EscapeDataString(password)}" : "guest:guest")}@127.0.0.1:{Port}";

    /// <summary>Null where it is not installed. Debian's own wrapper changes the user and logs elsewhere: what it wraps is preferred.</summary>
    public static string? FindProgram() =>
        Environment.GetEnvironmentVariable("CHAT_RABBITMQ_SERVER") is { Length: > 0 } named && File.Exists(named) ? named
        : File.Exists("/usr/lib/rabbitmq/bin/rabbitmq-server") ? "/usr/lib/rabbitmq/bin/rabbitmq-server"
        : ProgramFinder.Find("rabbitmq-server");

    /// <summary>rabbitmqctl on this node, for example <c>set_vm_memory_high_watermark 0.00001</c>; its output.</summary>
    public async Task<string> ControlAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var control = Path.Combine(Path.GetDirectoryName(_program)!, OperatingSystem.IsWindows() ? "rabbitmqctl.bat" : "rabbitmqctl");
        var output = new List<string>();
        await using var child = ChildProcess.Start(new ChildStart(control, ["--node", _nodeName, "--quiet", .. arguments])
        {
            WorkingDirectory = Directory,
            Environment = NodeEnvironment(),
            OnLine = line =>
            {
                lock (output)
                {
                    output.Add(line.Text);
                }
            },
        });
        var exit = await child.Exited.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
        return exit == 0
            ? string.Join(Environment.NewLine, output)
            : throw new InvalidOperationException($"rabbitmqctl {string.Join(' ', arguments)} ended with {exit}: {child.Tail}");
    }

    /// <inheritdoc/>
    public override int PortOf(string endpoint) => endpoint == "management" ? ManagementPort : Port;

    public override async Task StopAsync(TimeSpan grace)
    {
        await base.StopAsync(grace);
        await StopEpmdAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (Process is { } node)
        {
            await node.KillAsync();
        }

        await StopEpmdAsync();
        await base.DisposeAsync();
    }

    protected override async Task BeforeStartAsync(CancellationToken cancellationToken)
    {
        WriteConfiguration();
        if (FindEpmd() is { } epmd && _epmd is null or { HasExited: true })
        {
            _epmd = ChildProcess.Start(new ChildStart(epmd, ["-port", Text(_epmdPort), "-address", "127.0.0.1"])
            {
                Environment = new Dictionary<string, string?> { ["ERL_EPMD_PORT"] = Text(_epmdPort) },
            });
            while (!_epmd.HasExited && !await AcceptsAsync(_epmdPort, cancellationToken))
            {
                await Task.Delay(20, cancellationToken);
            }
        }
    }

    protected override ChildStart Command() => new(_program, [])
    {
        WorkingDirectory = Directory,
        Environment = NodeEnvironment(),
    };

    protected override async Task<string> ProbeAsync(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(ConnectionString), AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        return connection.ServerProperties?["version"] is byte[] version ? Encoding.UTF8.GetString(version) : "";
    }

    private void WriteConfiguration()
    {
        List<string> lines =
        [
            $"listeners.tcp.1 = 127.0.0.1:{Port}",
            "log.console = true",
            "log.console.level = warning",
            "log.file = false",
            "disk_free_limit.absolute = 50MB",
            "vm_memory_high_watermark.absolute = 1GB",
        ];
        if (Options.Password is { } password)
        {
            // A default user is created with the node's data only. Definitions are applied at every start, so that a new
            // password holds on old data, too.
            var definitions = Path.Combine(Directory, "definitions.json");
            WritePrivately(definitions, JsonSerializer.Serialize(new
            {
                users = new[] { new { name = UserName, password, tags = Administrator } },
                vhosts = new[] { new { name = "/" } },
                permissions = new[] { new { user = UserName, vhost = "/", configure = ".*", write = ".*", read = ".*" } },
            }));
            lines.Add($"load_definitions = {definitions}");
        }

        if (Management)
        {
            lines.AddRange(["management.tcp.ip = 127.0.0.1", $"management.tcp.port = {ManagementPort}"]);
        }

        WritePrivately(Path.Combine(Directory, "rabbitmq.conf"), string.Join('\n', lines) + '\n');
        File.WriteAllText(Path.Combine(Directory, "enabled_plugins"), Management ? "[rabbitmq_management]." : "[].");
    }

    private static void WritePrivately(string file, string content)
    {
        File.WriteAllText(file, content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private Dictionary<string, string?> NodeEnvironment() => new()
    {
        ["HOME"] = Directory,
        ["RABBITMQ_BASE"] = Directory,
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(Directory, "no-rabbitmq-env.conf"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(Directory, "rabbitmq.conf"),
        ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Path.Combine(Directory, "advanced.config"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(Directory, "enabled_plugins"),
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(Directory, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(Directory, "log"),
        ["RABBITMQ_SCHEMA_DIR"] = Path.Combine(Directory, "schema"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(Directory, "rabbitmq.pid"),
        ["RABBITMQ_NODENAME"] = _nodeName,
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = Text(Port),
        ["RABBITMQ_DIST_PORT"] = Text(_distributionPort),
        ["ERL_EPMD_PORT"] = Text(_epmdPort),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        // No busy waiting: several nodes share few cores.
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
        ["RABBITMQ_CTL_ERL_ARGS"] = "+S 1:1 +sbwt none",
        // The start script then becomes the node itself instead of staying above it, so signals reach the node.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
        ["NOTIFY_SOCKET"] = null,
    };

    private async Task StopEpmdAsync()
    {
        if (_epmd is { } epmd)
        {
            _epmd = null;
            await epmd.DisposeAsync();
        }
    }

    private static string? FindEpmd() => ProgramFinder.Find("epmd");

    private static async Task<bool> AcceptsAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
