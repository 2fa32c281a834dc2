using Chat.Manifests.Clusters;
using Chat.Servers;
using Chat.Tests.Servers;
using StackExchange.Redis;

namespace Chat.Tests.Manifests;

/// <summary>The scripts of the clustered tier, as they stand in its ConfigMap, on six real Redis servers.</summary>
[Collection(ClusterCollection.Name)]
public sealed class RedisClusterScriptTests : IAsyncLifetime
{
    private const string Missing = "redis-server, redis-cli and getent are not all installed here.";
    private const string Password = "a-password-for-the-test";
    private readonly List<RedisServer> _nodes = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-redis-scripts-").FullName;

    public async ValueTask InitializeAsync()
    {
        if (ServerFinder.Redis is not { } program || OperatingSystem.IsWindows() || ProgramFinder.Find("redis-cli") is null || ProgramFinder.Find("getent") is null)
        {
            return;
        }

        for (var i = 0; i < 6; i++)
        {
            _nodes.Add(new RedisServer(program, new LocalServerOptions { Password = Password, Persistent = true })
            {
                Settings = [("cluster-enabled", "yes"), ("cluster-config-file", "nodes.conf"), ("cluster-node-timeout", "2000"), ("cluster-require-full-coverage", "no")],
            });
        }

        await Task.WhenAll(_nodes.Select(n => n.StartAsync()));
        WriteCli(i => $"/machine-{i / 2}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Six_empty_nodes_become_one_cluster_with_each_replica_on_another_machine_than_its_primary()
    {
        var (code, output) = await MembersAsync();
        Assert.True(code == 0, output);

        var members = await MembersOfAsync(_nodes[0]);
        var primaries = members.Where(m => m.PrimaryId is null).ToList();
        Assert.Equal(["machine-0", "machine-1", "machine-2"], primaries.Select(p => p.Machine).Order());
        var replicas = members.Where(m => m.PrimaryId is not null).ToList();
        Assert.Equal(primaries.Select(p => p.Id).Order(), replicas.Select(r => r.PrimaryId).Order());
        Assert.All(replicas, r => Assert.NotEqual(primaries.Single(p => p.Id == r.PrimaryId).Machine, r.Machine));
        await Eventually.AsyncTrue(async () => (await Task.WhenAll(_nodes.Select(ReadyAsync))).All(ready => ready), "a node is not ready");
    }

    [Fact]
    public async Task Where_zones_are_known_each_replica_is_in_another_zone_than_its_primary()
    {
        Assert.SkipWhen(_nodes.Count == 0, Missing);
        // Six machines, so that nothing but the zone can keep a pair apart.
        string[] zones = ["a", "a", "b", "c", "c", "b"];
        WriteCli(i => $"{zones[i]}/machine-{i}");

        var (code, output) = await MembersAsync();
        Assert.True(code == 0, output);

        var zoneOf = (await MembersOfAsync(_nodes[0])).ToDictionary(m => m.Id, m => zones[_nodes.FindIndex(n => n.Port == m.Port)]);
        var members = await MembersOfAsync(_nodes[0]);
        Assert.Equal(["a", "b", "c"], members.Where(m => m.PrimaryId is null).Select(m => zoneOf[m.Id]).Order());
        Assert.All(members.Where(m => m.PrimaryId is not null), m => Assert.NotEqual(zoneOf[m.PrimaryId!], zoneOf[m.Id]));
        Assert.Equal(3, members.Select(m => m.PrimaryId).OfType<string>().Distinct().Count());
    }

    [Fact]
    public async Task Running_again_changes_nothing_and_adds_a_node_that_lost_its_memory()
    {
        var (code, output) = await MembersAsync();
        Assert.True(code == 0, output);
        var before = await MembersOfAsync(_nodes[0]);

        (code, output) = await MembersAsync();
        Assert.True(code == 0, output);
        Assert.Equal(before.Select(m => m.Id).Order(), (await MembersOfAsync(_nodes[0])).Select(m => m.Id).Order());

        var lost = _nodes.Single(n => n.Port == before.First(m => m.PrimaryId is not null).Port);
        foreach (var node in _nodes)
        {
            await CommandAsync(node, node == lost ? ["CLUSTER", "RESET", "HARD"] : ["CLUSTER", "FORGET", before.Single(m => m.Port == lost.Port).Id]);
        }

        Assert.False(await ReadyAsync(lost));
        (code, output) = await MembersAsync();
        Assert.True(code == 0, output);
        Assert.Equal(6, (await MembersOfAsync(lost)).Count);
        await Eventually.AsyncTrue(() => ReadyAsync(lost), "the node that came back is not ready");
    }

    private static async Task CommandAsync(RedisServer node, string[] command)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{node.ConnectionString},allowAdmin=true");
        await redis.GetServer("127.0.0.1", node.Port).ExecuteAsync(command[0], [.. command.Skip(1).Cast<object>()]);
    }

    private async Task<List<(string Id, int Port, string? PrimaryId, string Machine)>> MembersOfAsync(RedisServer node)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{node.ConnectionString},allowAdmin=true");
        var text = (string)(await redis.GetServer("127.0.0.1", node.Port).ExecuteAsync("CLUSTER", "NODES"))!;
        // RESP3 says of a text that it is one.
        text = text.StartsWith("txt:", StringComparison.Ordinal) ? text[4..] : text;
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).Select(f =>
        {
            var port = int.Parse(f[1].Split('@')[0].Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
            return (f[0], port, f[3] == "-" ? null : f[3], $"machine-{_nodes.FindIndex(n => n.Port == port) / 2}");
        })];
    }

    private Task<(int Code, string Output)> MembersAsync() => ScriptAsync("cluster-members.sh", _nodes.Count > 0 ? _nodes[0].Port : 0);

    private async Task<bool> ReadyAsync(RedisServer node) => (await ScriptAsync("cluster-ready.sh", node.Port)).Code == 0;

    private Task<(int Code, string Output)> ScriptAsync(string name, int port)
    {
        Assert.SkipWhen(_nodes.Count == 0, Missing);
        var script = Path.Combine(_folder, name);
        File.WriteAllText(script, Script.Read(name));
        return Commands.RunAsync("/bin/sh", [script], new Dictionary<string, string?>
        {
            ["HOSTS"] = string.Join(' ', _nodes.Select(n => $"localhost:{n.Port}")),
            ["REDISCLI_AUTH"] = Password,
            ["REDIS_PORT"] = $"{port}",
            ["ATTEMPTS"] = "60",
            ["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}",
        });
    }

    /// <summary>
    /// redis-cli, but that it knows where a node runs – as the test says – also where the server is older than that
    /// setting, and that no name here has an address of the other family.
    /// </summary>
    private void WriteCli(Func<int, string> whereabouts)
    {
        var cases = string.Concat(_nodes.Select((n, i) => $"  *'-p {n.Port} config get cluster-announce-human-nodename') echo name; echo {whereabouts(i)}; exit ;;\n"));
        Write("redis-cli", $"#!/bin/sh\ncase \"$*\" in\n{cases}esac\nexec {ProgramFinder.Find("redis-cli")} \"$@\"\n");
        Write("getent", "#!/bin/sh\necho 127.0.0.1 localhost\n");

        void Write(string name, string content)
        {
            var file = Path.Combine(_folder, name);
            File.WriteAllText(file, content);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
    }
}
