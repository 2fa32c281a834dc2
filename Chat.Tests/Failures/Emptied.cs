using System.Globalization;
using Chat.Servers;

namespace Chat.Tests.Failures;

/// <summary>
/// Servers that come back with nothing. Redis may lose everything at any time. RabbitMQ promises to keep what it confirmed, so what it holds when
/// its disk is taken away is lost with it; here it holds nothing then, and must be usable again, queues and all, by whoever comes first.
/// </summary>
internal static class Emptied
{
    public const string Drained = "drained, restarted empty";
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("cache", "restarted empty", FaultKind.Server, (s, _) => s.Servers["cache"].KillAsync(), (s, t) => StartEmptyAsync(s.Servers["cache"], t)),
        new("messaging", Drained, FaultKind.Server, DrainAndKillAsync, async (s, t) =>
        {
            await StartEmptyAsync(s.Servers["messaging"], t);
            await Task.WhenAll(s.Apis.SelectMany(a => s.WaysOf(a.Name, "messaging")).Select(w => w.EnableAsync(t)));
        }),
    ];

    private static Task StartEmptyAsync(LocalServer server, CancellationToken cancellationToken)
    {
        server.EraseData();
        return server.StartAsync(cancellationToken);
    }

    private static async Task DrainAndKillAsync(ChatSystem system, CancellationToken cancellationToken)
    {
        await Task.WhenAll(system.Apis.SelectMany(a => system.WaysOf(a.Name, "messaging")).Select(w => w.DisableAsync(cancellationToken)));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DrainLimit);
        var broker = (RabbitMqServer)system.Servers["messaging"];
        while (await CountAsync(broker, limit.Token) > 0)
        {
            // Each look takes a second: it starts a program.
        }

        await broker.KillAsync();
    }

    /// <summary>What waits and what is in a worker's hands.</summary>
    private static async Task<int> CountAsync(RabbitMqServer broker, CancellationToken cancellationToken)
    {
        var counts = await broker.ControlAsync(cancellationToken, "list_queues", "--no-table-headers", "messages");
        return counts.Split((char[])['\r', '\n', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
            .Sum(word => int.TryParse(word, CultureInfo.InvariantCulture, out var count) ? count : 0);
    }
}
