using System.Collections.Concurrent;
using Chat.Backends.Database;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.Core.Events;

namespace Chat.Tests.Backends;

/// <summary>An empty database of its own on a shared server, with as many independent clients as a test wants.</summary>
internal sealed class MongoTestDatabase(string connectionString, MongoOptions? options = null) : IAsyncDisposable
{
    private readonly string _name = $"test_{Guid.NewGuid():N}";
    private readonly List<(MongoClient Client, MongoGate Gate)> _open = [];

    /// <summary>The commands that any of the clients sent to this database, oldest first.</summary>
    public ConcurrentQueue<BsonDocument> Commands { get; } = new();

    public MongoOptions Options { get; } = options ?? new MongoOptions { Timeout = Eventually.Patience, SaveTimeout = Eventually.Patience };

    public MongoGate Gate()
    {
        var settings = MongoClientSettings.FromConnectionString(connectionString);
        MongoRegistration.Configure(settings);
        settings.ClusterConfigurator = cluster => cluster.Subscribe<CommandStartedEvent>(e =>
        {
            if (e.DatabaseNamespace.DatabaseName == _name)
            {
                Commands.Enqueue(e.Command.DeepClone().AsBsonDocument);
            }
        });
        var client = new MongoClient(settings);
        var gate = new MongoGate(
            client.GetDatabase(_name), Microsoft.Extensions.Options.Options.Create(Options), TimeProvider.System, NullLogger<MongoGate>.Instance);
        _open.Add((client, gate));
        return gate;
    }

    public IMongoDatabase Raw()
    {
        _ = Gate();
        return _open[^1].Client.GetDatabase(_name);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (client, gate) in _open)
        {
            await gate.DisposeAsync();
            client.Dispose();
        }
    }
}
