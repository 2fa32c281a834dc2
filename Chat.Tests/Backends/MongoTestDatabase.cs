using Chat.Backends.Database;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Driver;

namespace Chat.Tests.Backends;

/// <summary>An empty database of its own on a shared server, with as many independent clients as a test wants.</summary>
internal sealed class MongoTestDatabase(string connectionString, MongoOptions? options = null) : IAsyncDisposable
{
    private readonly string _name = $"test_{Guid.NewGuid():N}";
    private readonly List<(MongoClient Client, MongoGate Gate)> _open = [];

    public MongoOptions Options { get; } = options ?? new MongoOptions { Timeout = Eventually.Patience, SaveTimeout = Eventually.Patience };

    public MongoGate Gate()
    {
        var settings = MongoClientSettings.FromConnectionString(connectionString);
        MongoRegistration.Configure(settings);
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
