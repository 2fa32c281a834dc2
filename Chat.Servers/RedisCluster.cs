using System.Net;
using System.Runtime.Versioning;
using StackExchange.Redis;

namespace Chat.Servers;

/// <summary>Redis Cluster of three primaries without replicas, formed with plain commands.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16_384;
    private readonly RedisServer[] _nodes;

    public RedisCluster(string program, int primaries = 3) =>
        _nodes = [.. Enumerable.Range(0, primaries).Select(_ => new RedisServer(program)
        {
            Settings =
            [
                ("cluster-enabled", "yes"),
                ("cluster-config-file", "nodes.conf"),
                ("cluster-node-timeout", "2000"),
                // One primary away must not refuse the slots of the others.
                ("cluster-require-full-coverage", "no"),
            ],
        })];

    public IReadOnlyList<RedisServer> Nodes => _nodes;

    public string ConnectionString => string.Join(',', _nodes.Select(n => n.ConnectionString));

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await Task.WhenAll(_nodes.Select(n => n.StartAsync(cancellationToken)));
        for (var i = 0; i < _nodes.Length; i++)
        {
            await using var redis = await RedisProbe.ConnectAsync(_nodes[i].ConnectionString).WaitAsync(cancellationToken);
            var node = redis.GetServers()[0];
            var (from, to) = (Slots * i / _nodes.Length, (Slots * (i + 1) / _nodes.Length) - 1);
            await node.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", from, to);
            await node.ExecuteAsync("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
        }

        // Only then: a node that knows another takes no epoch any more. They tell each other the rest.
        await using (var redis = await RedisProbe.ConnectAsync(_nodes[0].ConnectionString).WaitAsync(cancellationToken))
        {
            foreach (var other in _nodes.Skip(1))
            {
                await redis.GetServers()[0].ExecuteAsync("CLUSTER", "MEET", "127.0.0.1", other.Port);
            }
        }

        foreach (var node in _nodes)
        {
            await UntilFormedAsync(node, cancellationToken);
        }
    }

    public Task KillAsync() => Task.WhenAll(_nodes.Select(n => n.KillAsync()));

    /// <summary>Starts the same nodes again; what they know of the cluster is in their folders.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        await Task.WhenAll(_nodes.Select(n => n.StartAsync(cancellationToken)));
        foreach (var node in _nodes)
        {
            await UntilFormedAsync(node, cancellationToken);
        }
    }

    [UnsupportedOSPlatform("windows")]
    public void Pause() => Array.ForEach(_nodes, n => n.Pause());

    [UnsupportedOSPlatform("windows")]
    public void Resume() => Array.ForEach(_nodes, n => n.Resume());

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private async Task UntilFormedAsync(RedisServer node, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        await using var redis = await RedisProbe.ConnectAsync(node.ConnectionString).WaitAsync(timeout.Token);
        var server = redis.GetServers().Single(s => s.EndPoint is IPEndPoint at && at.Port == node.Port);
        while (true)
        {
            var info = (string)(await server.ExecuteAsync("CLUSTER", "INFO").WaitAsync(timeout.Token))!;
            if (info.Contains("cluster_state:ok", StringComparison.Ordinal)
                && info.Contains($"cluster_known_nodes:{_nodes.Length}", StringComparison.Ordinal)
                && info.Contains($"cluster_slots_ok:{Slots}", StringComparison.Ordinal)
                && await IsLinkedAsync(server, timeout.Token))
            {
                return;
            }

            await Task.Delay(50, timeout.Token);
        }
    }

    /// <summary>What is published before a node is linked to all the others does not reach their subscribers.</summary>
    private static async Task<bool> IsLinkedAsync(IServer server, CancellationToken cancellationToken)
    {
        var nodes = (string)(await server.ExecuteAsync("CLUSTER", "NODES").WaitAsync(cancellationToken))!;
        return !nodes.Contains("disconnected", StringComparison.Ordinal) && !nodes.Contains("handshake", StringComparison.Ordinal);
    }
}
