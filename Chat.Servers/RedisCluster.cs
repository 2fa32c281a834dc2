using System.Globalization;
using System.Runtime.Versioning;

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
            using var resp = await Resp.ConnectAsync(_nodes[i].Port, null, cancellationToken);
            var (from, to) = (Slots * i / _nodes.Length, (Slots * (i + 1) / _nodes.Length) - 1);
            await ExpectOkAsync(resp, cancellationToken, "CLUSTER", "ADDSLOTSRANGE", Text(from), Text(to));
            await ExpectOkAsync(resp, cancellationToken, "CLUSTER", "SET-CONFIG-EPOCH", Text(i + 1));
        }

        // Only then: a node that knows another takes no epoch any more. They tell each other the rest.
        using (var first = await Resp.ConnectAsync(_nodes[0].Port, null, cancellationToken))
        {
            foreach (var other in _nodes.Skip(1))
            {
                await ExpectOkAsync(first, cancellationToken, "CLUSTER", "MEET", "127.0.0.1", Text(other.Port));
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
        using var resp = await Resp.ConnectAsync(node.Port, null, timeout.Token);
        while (true)
        {
            var info = await resp.CallAsync(timeout.Token, "CLUSTER", "INFO");
            if (info.Contains("cluster_state:ok", StringComparison.Ordinal)
                && info.Contains($"cluster_known_nodes:{_nodes.Length}", StringComparison.Ordinal)
                && info.Contains($"cluster_slots_ok:{Slots}", StringComparison.Ordinal)
                && await IsLinkedAsync(resp, timeout.Token))
            {
                return;
            }

            await Task.Delay(50, timeout.Token);
        }
    }

    /// <summary>What is published before a node is linked to all the others does not reach their subscribers.</summary>
    private static async Task<bool> IsLinkedAsync(Resp resp, CancellationToken cancellationToken)
    {
        var nodes = await resp.CallAsync(cancellationToken, "CLUSTER", "NODES");
        return !nodes.Contains("disconnected", StringComparison.Ordinal) && !nodes.Contains("handshake", StringComparison.Ordinal);
    }

    private static async Task ExpectOkAsync(Resp resp, CancellationToken cancellationToken, params string[] command)
    {
        var reply = await resp.CallAsync(cancellationToken, command);
        if (reply != "OK")
        {
            throw new InvalidOperationException($"{string.Join(' ', command)}: {reply}");
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
