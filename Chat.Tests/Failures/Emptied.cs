using System.Globalization;
using Chat.Servers;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Tests.Failures;

/// <summary>
/// Servers that come back with nothing. Redis may lose everything at any time. RabbitMQ promises to keep what it confirmed, so what it holds when
/// its disk is taken away is lost with it; here it holds nothing then, and must be usable again, queues and all, by whoever comes first.
/// MongoDB has what was backed up last, nothing newer here, when it is opened to the services again; its indexes are not in a backup.
/// </summary>
internal static class Emptied
{
    public const string Drained = "drained, restarted empty";
    public const string Restored = "backed up, restarted empty, restored";
    private const int RestoredAtOnce = 500;
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan IndexLimit = TimeSpan.FromSeconds(60);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("cache", "restarted empty", FaultKind.Server, (s, _) => s.Servers["cache"].KillAsync(), (s, t) => StartEmptyAsync(s.Servers["cache"], t)),
        new("messaging", Drained, FaultKind.Server, DrainAndKillAsync, async (s, t) =>
        {
            await StartEmptyAsync(s.Servers["messaging"], t);
            await Task.WhenAll(s.Apis.SelectMany(a => s.WaysOf(a.Name, "messaging")).Select(w => w.EnableAsync(t)));
        }),
        Database(),
    ];

    private static Fault Database()
    {
        var backup = new Dictionary<string, List<BsonDocument>>();
        return new("chatdb", Restored, FaultKind.Server, BackUpAndKillAsync, RestoreAsync);

        async Task BackUpAndKillAsync(ChatSystem system, CancellationToken cancellationToken)
        {
            await Task.WhenAll(system.WaysTo("chatdb").Select(w => w.DisableAsync(cancellationToken)));
            using var client = Connect(system.Servers["chatdb"]);
            var database = client.GetDatabase("chatdb");
            backup.Clear();
            foreach (var name in await (await database.ListCollectionNamesAsync(cancellationToken: cancellationToken)).ToListAsync(cancellationToken))
            {
                backup[name] = await database.GetCollection<BsonDocument>(name).Find(FilterDefinition<BsonDocument>.Empty).ToListAsync(cancellationToken);
            }

            await system.Servers["chatdb"].KillAsync();
        }

        async Task RestoreAsync(ChatSystem system, CancellationToken cancellationToken)
        {
            await StartEmptyAsync(system.Servers["chatdb"], cancellationToken);
            using var client = Connect(system.Servers["chatdb"]);
            var database = client.GetDatabase("chatdb");
            foreach (var (name, documents) in backup)
            {
                foreach (var some in documents.Chunk(RestoredAtOnce))
                {
                    await database.GetCollection<BsonDocument>(name).InsertManyAsync(some, cancellationToken: cancellationToken);
                }
            }

            await Task.WhenAll(system.WaysTo("chatdb").Select(w => w.EnableAsync(cancellationToken)));
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(IndexLimit);
            var indexes = database.GetCollection<BsonDocument>("messages").Indexes;
            while (!(await (await indexes.ListAsync(limit.Token)).ToListAsync(limit.Token)).Exists(i => i["name"] == "room_order"))
            {
                await Task.Delay(100, limit.Token);
            }
        }
    }

    /// <summary>With connections of its own: those of clients with the same settings are shared, and ended with the server.</summary>
    private static MongoClient Connect(LocalServer server)
    {
        var settings = MongoClientSettings.FromConnectionString(server.ConnectionString);
        settings.ApplicationName = Guid.NewGuid().ToString("N");
        return new MongoClient(settings);
    }

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
